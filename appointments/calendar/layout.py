"""A first layout of a post's week: which counter serves which service in which half day."""

from dataclasses import dataclass
from datetime import time
from math import ceil

from appointments.calendar.facts import PostFacts, category_facts
from appointments.domain.calendar.hours import minutes_of, time_of
from appointments.domain.calendar.sharing import divide

__all__ = ["HoursFacts", "hours_of"]


@dataclass(frozen=True, slots=True)
class HoursFacts:
    """Opening hours to be, by counter number and category code."""

    counter: int
    code: str
    weekday: int
    opens: time
    closes: time

    def slots(self, minutes: int) -> int:
        """How many slots of this length fit."""
        return (minutes_of(self.closes) - minutes_of(self.opens)) // minutes


def hours_of(post: PostFacts) -> list[HoursFacts]:
    """The opening hours that a post starts with.

    As many counters as its files a day need, each day in two halves, divided among the visa
    services by their usual share; a counter of its own for every other consular service. A team
    that comes on a few days a month has no weekly hours: staff enter its days.
    """
    if post.visits_days_a_month is not None:
        return []
    halves = _halves(post)
    a_counter = sum((end - start) // post.duration_minutes for start, end in halves)
    counters = max(1, ceil(post.planned_per_day / a_counter))
    units = [
        (counter, weekday, half)
        for weekday in post.working_days
        for half in halves
        for counter in range(1, counters + 1)
    ]
    shares = {entry.code: entry.share for entry in category_facts()}
    owners = divide(len(units), [shares[code] for code in post.visa_codes])
    lines = [
        HoursFacts(counter, post.visa_codes[owner], weekday, time_of(start), time_of(end))
        for (counter, weekday, (start, end)), owner in zip(units, owners, strict=True)
    ]
    for number, code in enumerate(post.consular_codes, start=counters + 1):
        lines += [
            HoursFacts(number, code, weekday, time_of(start), time_of(end))
            for weekday in post.working_days
            for start, end in halves
        ]
    return lines


def _halves(post: PostFacts) -> list[tuple[int, int]]:
    """Morning and afternoon, divided on the quarter of an hour nearest to the middle."""
    opens, closes = minutes_of(post.opens), minutes_of(post.closes)
    middle = opens + round((closes - opens) / 30) * 15
    return [(opens, middle), (middle, closes)]
