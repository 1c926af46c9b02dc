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
    return _hash(token)


def known_session(request: HttpRequest) -> bytes | None:
    """The hash of this session's token, where it has one already."""
    session = getattr(request, "session", None)  # a request from outside the pages has none
    token = None if session is None else session.get(_NAME)
    return _hash(token) if isinstance(token, str) else None


def _hash(token: str) -> bytes:
    return hashlib.sha256(f"antibot-session\x00{token}".encode()).digest()
