"""What the tables say about who asks: kinds of the network, blocks, contacts that the session proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from antibot.models import OneTimeCode

_KNOWN = "SELECT * FROM antibot_known(%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Known:
    """All of it, whatever the time: the caller has the moment that counts."""

    kinds: frozenset[str]
    blocks: tuple[tuple[datetime, datetime], ...]  # beginning and end of what nobody lifted
    proofs: tuple[tuple[str, bytes, datetime], ...]  # purpose, sealed contact, good until; the latest last

    def blocked_until(self, now: datetime) -> datetime | None:
        """The end of the block that stands at `now`, of several the last."""
        return max((end for begin, end in self.blocks if begin <= now < end), default=None)

    def proved(self, purpose: str, now: datetime) -> str | None:
        """The contact that was proved last for `purpose`, while that still counts."""
        sealed = next((c for p, c, until in reversed(self.proofs) if p == purpose and until > now), None)
        return (
            None if sealed is None else OneTimeCode._meta.get_field("contact").from_db_value(sealed, None, connection)
        )


def look(address: str | None, network_index: bytes, session: bytes | None) -> Known:
    """Ask the database, not Valkey, so that a block neither vanishes nor outlives its end with the counters."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [address, network_index, session])
        kinds, begins, ends, purposes, contacts, opened = (column or () for column in cursor.fetchone())
    return Known(
        frozenset(kinds),
        tuple(zip(begins, ends, strict=True)),
        tuple(zip(purposes, contacts, opened, strict=True)),
    )
