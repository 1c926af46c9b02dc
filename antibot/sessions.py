"""A session as antibot knows it: the hash of a random token of its own.

The token survives a new session key (`cycle_key`) and says nothing about it; tables hold only the hash.
"""

import hashlib
import secrets

from django.http import HttpRequest

_NAME = "antibot_token"


def session_hash(request: HttpRequest) -> bytes:
    """The hash of this session's token; the token is made at the first call."""
    token = request.session.get(_NAME)
    if not isinstance(token, str):
        token = secrets.token_urlsafe(24)
        request.session[_NAME] = token
    return hashlib.sha256(f"antibot-session\x00{token}".encode()).digest()
