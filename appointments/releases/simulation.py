"""The release process on a simulated clock: the rules of production with a pool in memory and seeded chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from appointments.domain import release as rules
from appointments.domain.chance import Chance
from appointments.domain.release import Pace, Window


@dataclass(frozen=True, slots=True)
class Opened:
    """A simulated release: when (UTC), how many slots it opened, how many are left in the pool."""

    at: datetime
    opened: int
    pool: int


def spread(slots: int, first: date, days: int) -> dict[date, int]:
    """`slots` slots as evenly over `days` days as they go."""
    return {
        first + timedelta(days=number): slots * (number + 1) // days - slots * number // days for number in range(days)
    }


def local_days(start: date, days: int) -> Iterator[date]:
    """`days` days from `start`."""
    return (start + timedelta(days=number) for number in range(days))


def ticks_of(pace: Pace, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The instants of a day's ticks inside the release hours, UTC, also where the clock changes."""
    begins = datetime.combine(day, time(0), zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)
    seconds = rules.tick_of(begins.timestamp() + pace.tick_seconds - 1, pace.tick_seconds)
    while seconds < ends.timestamp():
        instant = datetime.fromtimestamp(seconds, UTC)
        if pace.in_hours(instant.astimezone(zone)):
            yield instant
        seconds += pace.tick_seconds


def simulate(
    pace: Pace,
    window: Window,
    zone: ZoneInfo,
    pool: dict[date, int],
    start: date,
    days: int,
    chance: Chance,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Opened]:
    """Every release of `days` days from `start`, in order.

    `pool` holds the slots of each date and is used up. `progress` is told of each finished day.
    """
    for number, day in enumerate(local_days(start, days), start=1):
        first, last = window.days(day)
        for instant in ticks_of(pace, day, zone):
            if not rules.opens(pace, chance):
                continue
            wanted = rules.size(pace, chance)
            counts = [(date_, count) for date_, count in sorted(pool.items()) if first <= date_ <= last and count]
            picks = rules.pick(counts, wanted, chance)
            for one in picks:
                pool[one.day] -= 1
            if picks:
                yield Opened(instant, len(picks), sum(pool.values()))
        if progress is not None:
            progress(number, days)
