"""Which contact a session has proved."""

from datetime import datetime

from django.db import connection
from django.http import HttpRequest

from antibot.models import OneTimeCode
from antibot.sessions import session_hash

_KEPT = "_antibot_verified"


_OPEN = """
    SELECT DISTINCT ON (purpose) purpose, contact FROM antibot_onetimecode
     WHERE session_hash = %s AND opened_until > %s ORDER BY purpose, used_at DESC
"""


def _proved(session: bytes, now: datetime) -> dict[str, str]:
    """The contact that this session proved last for each purpose, while that still counts."""
    sealed = OneTimeCode._meta.get_field("contact")
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [session, now])
        return {purpose: sealed.from_db_value(contact, None, connection) for purpose, contact in cursor.fetchall()}


def verified_in(request: HttpRequest, purpose: str, now: datetime) -> str | None:
    """The contact that the session of a request proved last for `purpose`, while that still counts.

    Asked once a request: pages and limits want to know several times.
    """
    kept: dict[str, str] | None = getattr(request, _KEPT, None)
    if kept is None:
        kept = _proved(session_hash(request), now)
        setattr(request, _KEPT, kept)
    return kept.get(str(purpose))


def forget_verified(request: HttpRequest) -> None:
    """Ask the database again: a code was just tried."""
    setattr(request, _KEPT, None)
