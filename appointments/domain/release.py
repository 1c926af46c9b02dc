"""When slots open, how many, and which: decided by chance at the moment itself, and never before.

At each tick inside the release hours a release happens with one fixed probability. It depends on the policy only, not
on the time left, the slots left or what happened before: so the gaps between releases are geometric, every minute is
as good as any other, and knowing the whole past tells nothing about the next tick. A quota that had to be reached by
a deadline could not have that (its hazard grows towards the deadline), so what is left over rolls over instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import accumulate

from .chance import Chance, distinct


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The part of a policy that decides when and how much; times are local to the post.

    Args:
        tick_seconds: seconds between two decisions.
        slots_per_day: slots opened a day on average.
        largest: largest release; sizes from 1 to it are equally likely.
    """

    release_from: time
    release_until: time
    tick_seconds: int
    slots_per_day: int
    largest: int

    @property
    def seconds_a_day(self) -> int:
        """Length of the release hours."""
        return _seconds(self.release_until) - _seconds(self.release_from)

    @property
    def ticks_a_day(self) -> int:
        """Decisions a day, on a day without a change of the clock."""
        return self.seconds_a_day // self.tick_seconds

    @property
    def probability(self) -> Fraction:
        """π: the chance that a tick opens something. Above 1 the pace cannot be kept and the policy is refused."""
        if self.ticks_a_day <= 0:
            return Fraction(2)
        return Fraction(2 * self.slots_per_day, (1 + self.largest) * self.ticks_a_day)

    def in_hours(self, local: datetime | time) -> bool:
        """Whether a local time of day lies inside the release hours (the end excluded)."""
        clock = local.time() if isinstance(local, datetime) else local
        return self.release_from <= clock < self.release_until


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days whose slots a stream may open, counted from today at the post, both included."""

    first: int
    last: int

    def days(self, today: date) -> tuple[date, date]:
        """First and last day, as of `today`."""
        return today + timedelta(days=self.first), today + timedelta(days=self.last)


def ordinary_window(lead_min_days: int, lead_max_days: int, late_days: int, late_slots_per_day: int) -> Window:
    """The days of the ordinary stream: those that the late stream has not taken over yet."""
    first = max(lead_min_days, late_days + 1 if late_slots_per_day else 0)
    return Window(first=first, last=lead_max_days)


def late_window(late_days: int) -> Window:
    """The days of the late stream: from tomorrow."""
    return Window(first=1, last=late_days)


def tick_of(now_seconds: float, tick_seconds: int) -> int:
    """The tick that an instant belongs to: its first second since 1970.

    Not its number: that would run backwards when a new policy makes ticks longer, and an earlier tick is never decided
    again.
    """
    return int(now_seconds // tick_seconds) * tick_seconds


def opens(pace: Pace, chance: Chance) -> bool:
    """Whether this tick opens something: fresh chance, a fixed probability, exact in whole numbers."""
    probability = pace.probability
    return chance.randrange(probability.denominator) < probability.numerator


def size(pace: Pace, chance: Chance) -> int:
    """How many slots this release opens, if the pool has as many."""
    return 1 + chance.randrange(pace.largest)


@dataclass(frozen=True, slots=True)
class Pick:
    """A slot by its day and its place in the day's pool, counted from 0 in any fixed order."""

    day: date
    offset: int


def pick(counts: Sequence[tuple[date, int]], wanted: int, chance: Chance) -> list[Pick]:
    """Choose slots from the pool, every set of them equally likely.

    `counts` are the pooled slots of each day (days with none are allowed); fewer than `wanted` come back if the pool
    has fewer.
    """
    sums = list(accumulate((number for _, number in counts), initial=0))
    ranks = distinct(chance, sums[-1], min(wanted, sums[-1]))
    picks: list[Pick] = []
    position = 0
    for rank in ranks:
        while sums[position + 1] <= rank:
            position += 1
        picks.append(Pick(counts[position][0], rank - sums[position]))
    return picks


def by_percent(percent: int, chance: Chance) -> bool:
    """True in `percent` of 100 cases."""
    return chance.randrange(100) < percent


def chance_back(mean_size: Fraction, probability: Fraction, pools: Sequence[int]) -> Fraction:
    """The chance that one given slot has been opened again within ticks that found the pool at these sizes."""
    stays = Fraction(1)
    for pool in pools:
        stays *= 1 - min(Fraction(1), mean_size * probability / pool)
    return 1 - stays
