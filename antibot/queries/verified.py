"""Which contact a session has proved."""

from datetime import datetime

from antibot.models import OneTimeCode


def verified_contact_of(session: bytes, purpose: str, now: datetime) -> str | None:
    """The contact that this session proved last for `purpose`, while that still counts."""
    row = (
        OneTimeCode.objects.filter(session_hash=session, purpose=purpose, opened_until__gt=now)
        .order_by("-used_at")
        .only("contact")
        .first()
    )
    return None if row is None else str(row.contact)
