"""What the tables say about the network that asks: its kinds and its blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# The function can also tell what a session has proved; `verified` asks that where it is wanted, which is elsewhere.
_KNOWN = "SELECT kinds, begins, ends FROM antibot_known(%s, %s, NULL)"


@dataclass(frozen=True, slots=True)
class Known:
    """All of it, whatever the time: the caller has the moment that counts."""

    kinds: frozenset[str]
    blocks: tuple[tuple[datetime, datetime], ...]  # beginning and end of what nobody lifted

    def blocked_until(self, now: datetime) -> datetime | None:
        """The end of the block that stands at `now`, of several the last."""
        return max((end for begin, end in self.blocks if begin <= now < end), default=None)


def look(address: str | None, network_index: bytes) -> Known:
    """Ask the database, not Valkey, so that a block neither vanishes nor outlives its end with the counters."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [address, network_index])
        kinds, begins, ends = (column or () for column in cursor.fetchone())
    return Known(frozenset(kinds), tuple(zip(begins, ends, strict=True)))
