"""Which contact a session has proved."""

from datetime import datetime

from django.db import connection
from django.http import HttpRequest

from antibot.models import OneTimeCode
from antibot.sessions import known_session

_PROOFS = """
    SELECT purpose, contact, opened_until FROM antibot_onetimecode
     WHERE session_hash = %s AND opened_until IS NOT NULL ORDER BY used_at DESC
"""
_KEPT = "_antibot_proofs"
_OPENED = "_antibot_opened"


def verified_in(request: HttpRequest, purpose: str, now: datetime) -> str | None:
    """The contact that the session of a request proved last for `purpose`, while that still counts.

    Asked, and decrypted, once a request: pages and limits want to know several times.
    """
    proofs: list[tuple[str, memoryview, datetime]] | None = getattr(request, _KEPT, None)
    if proofs is None:
        proofs = _look(known_session(request))
        setattr(request, _KEPT, proofs)
    sealed = next((contact for kind, contact, until in proofs if kind == purpose and until > now), None)
    if sealed is None:
        return None
    opened: dict[bytes, str] = request.__dict__.setdefault(_OPENED, {})
    if bytes(sealed) not in opened:
        opened[bytes(sealed)] = OneTimeCode._meta.get_field("contact").from_db_value(sealed, None, connection)
    return opened[bytes(sealed)]


def _look(session: bytes | None) -> list[tuple[str, memoryview, datetime]]:
    if session is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PROOFS, [session])
        return list(cursor.fetchall())


def forget_verified(request: HttpRequest) -> None:
    """Ask the database again: a code was just tried."""
    setattr(request, _KEPT, None)
