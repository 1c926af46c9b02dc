"""Local date and time of a post, and the instant that follows from it.

A future appointment is a promise about the clock on the post's wall, so the local date and time
are what is stored; the instant is derived and may change when a government changes its clocks.

Two rules where the clock on the wall is not one-to-one with time (PEP 495):

- a local time that the clock jumps over does not exist, and has no instant;
- a local time that the clock shows twice means the first of the two (`fold=0`).
"""

import importlib.resources
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

__all__ = ["ZoneUnknownError", "instant_of", "local_of", "nearest_instant", "rules_version", "slot_instants", "zone"]


class ZoneUnknownError(ValueError):
    """The key names no zone of the IANA database."""


def rules_version() -> str:
    """The release of the IANA database in use, for example `2026f`."""
    return str(tzdata.IANA_VERSION)


@lru_cache(maxsize=256)
def zone(key: str) -> ZoneInfo:
    """The zone of this name, as the installed `tzdata` package defines it.

    Not `ZoneInfo(key)`: that prefers the files of the operating system, so that two machines of
    one installation could derive different instants from the same appointment.

    Raises:
        ZoneUnknownError: the key is not in the IANA database.
    """
    parts = key.split("/")
    if not key or any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
        raise ZoneUnknownError(key)
    resource = importlib.resources.files("tzdata").joinpath("zoneinfo", *parts)
    try:
        with resource.open("rb") as rules:
            return ZoneInfo.from_file(rules, key=key)
    except (OSError, ValueError) as error:
        raise ZoneUnknownError(key) from error


def nearest_instant(day: date, at: time, key: str) -> datetime:
    """The instant of a local time, defined even where the clock jumps over it.

    For a time in the gap the offset before the jump is used, so that 02:30 of a clock going
    from 02:00 to 03:00 becomes what the clock shows as 03:30. Meant for appointments that were
    promised before the rule changed; new slots go through `instant_of`.
    """
    return datetime.combine(day, at, tzinfo=zone(key)).astimezone(UTC)


def instant_of(day: date, at: time, key: str) -> datetime | None:
    """The UTC instant at which the clock of the zone shows this local time first.

    Returns:
        `None` where the clock jumps over this time.
    """
    found = nearest_instant(day, at, key)
    return found if local_of(found, key) == (day, at) else None


def local_of(instant: datetime, key: str) -> tuple[date, time]:
    """The local date and time that the clock of the zone shows at an instant."""
    local = instant.astimezone(zone(key))
    return local.date(), local.time()


def slot_instants(day: date, at: time, minutes: int, key: str) -> tuple[datetime, datetime] | None:
    """Start and end of a slot as UTC instants.

    A slot that lies across a change of the clock is none: its end on the wall would not be
    where the plan of the counter has it, and it could run into the next one.

    Args:
        day: local date at the post.
        at: local time at the post.
        minutes: length of the slot.
        key: IANA name of the post's zone.

    Returns:
        `None` where no such slot can be.
    """
    starts_at = instant_of(day, at, key)
    if starts_at is None:
        return None
    ends_at = starts_at + timedelta(minutes=minutes)
    rules = zone(key)
    last_moment = ends_at - timedelta(microseconds=1)
    if starts_at.astimezone(rules).utcoffset() != last_moment.astimezone(rules).utcoffset():
        return None
    return starts_at, ends_at
