"""Which contact a session has proved."""

from datetime import datetime

from django.http import HttpRequest

from antibot.models import OneTimeCode
from antibot.sessions import session_hash

_KEPT = "_antibot_verified"


def verified_contact_of(session: bytes, purpose: str, now: datetime) -> str | None:
    """The contact that this session proved last for `purpose`, while that still counts."""
    rows = OneTimeCode.objects.raw(
        "SELECT id, contact FROM antibot_onetimecode WHERE session_hash = %s AND purpose = %s AND opened_until > %s"
        " ORDER BY used_at DESC LIMIT 1",
        [session, str(purpose), now],
    )
    return next((str(row.contact) for row in rows), None)


def verified_in(request: HttpRequest, purpose: str, now: datetime) -> str | None:
    """The same for the session of a request, asked once a request: pages and limits want to know several times."""
    kept: dict[str, str | None] | None = getattr(request, _KEPT, None)
    if kept is None:
        kept = {}
        setattr(request, _KEPT, kept)
    if purpose not in kept:
        kept[purpose] = verified_contact_of(session_hash(request), purpose, now)
    return kept[purpose]


def forget_verified(request: HttpRequest) -> None:
    """Ask the database again: a code was just tried."""
    setattr(request, _KEPT, {})
