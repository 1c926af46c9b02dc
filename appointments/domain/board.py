"""The slots that are still free in a draw, and a fast answer to "the earliest set this ticket accepts".

Slots only ever leave the board. So whatever could not be found once can never be found later: each group of
tickets with the same size and hours remembers the days that have nothing for it, and each day the places that
are gone. With these two memories a million tickets cost little more than reading them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import itemgetter

from .commitment import Slot, Ticket

_MINUTES = 24 * 60


def _first_free(following: list[int], position: int) -> int:
    """First position at or after `position` that still points to itself; shortens the path on the way."""
    end = position
    while following[end] != end:
        end = following[end]
    while following[position] != end:
        following[position], position = end, following[position]
    return end


class _Day:
    """The slots of one day in natural order (time, counter, id)."""

    __slots__ = ("following", "ids", "times", "weekday_bit")

    def __init__(self, ordinal: int, slots: list[Slot]) -> None:
        slots.sort(key=itemgetter(2, 3, 0))
        self.times = [slot.time for slot in slots]
        self.ids = [slot.slot for slot in slots]
        self.following = list(range(len(slots) + 1))
        self.weekday_bit = 1 << ((ordinal - 1) % 7)  # ordinal 1 was a Monday

    def set_for(self, size: int, earliest: int, latest: int, gap: int) -> list[int]:
        """Positions of the first adjacent run of `size` free slots, or an empty list."""
        times, following = self.times, self.following
        position = _first_free(following, bisect_left(times, earliest))
        run: list[int] = []
        while position < len(times) and times[position] <= latest:
            if run and times[position] - times[run[-1]] > gap:
                run = []
            run.append(position)
            if len(run) == size:
                return run
            position = _first_free(following, position + 1)
        return []


class Board:
    """The free slots of a draw; `take` removes the earliest set that a ticket accepts.

    Args:
        slots: in any order.
        adjacent_minutes: at most this many minutes between the starts of a family's neighbouring slots.
    """

    def __init__(self, slots: Iterable[Slot], adjacent_minutes: int) -> None:
        """Sort the slots into days."""
        by_day: dict[int, list[Slot]] = {}
        for slot in slots:
            by_day.setdefault(slot.day, []).append(slot)
        self._ordinals = sorted(by_day)
        self._days = [_Day(ordinal, by_day[ordinal]) for ordinal in self._ordinals]
        self._gap = adjacent_minutes
        times = sorted({time for day in self._days for time in day.times})
        # Hours are narrowed to slot times that exist, so that "9:00 to 12:00" and "8:55 to 12:10" share memory.
        self._not_before = [bisect_left(times, minute) for minute in range(_MINUTES)]
        self._not_after = [bisect_right(times, minute) - 1 for minute in range(_MINUTES)]
        self._times = times
        self._nothing_until: dict[tuple[int, int, int], list[int]] = {}

    def accepts_any(self, ticket: Ticket) -> bool:
        """Whether at least one free slot lies inside the ticket's days and hours, whatever its size."""
        return self._find(ticket._replace(size=1)) is not None

    def take(self, ticket: Ticket) -> tuple[int, ...] | None:
        """The ids of the earliest set in natural order, now taken; None: there is no set for this ticket."""
        found = self._find(ticket)
        if found is None:
            return None
        day, run = found
        for position in run:
            day.following[position] = position + 1
        return tuple([day.ids[position] for position in run])

    def _find(self, ticket: Ticket) -> tuple[_Day, list[int]] | None:
        _, size, _, _, first_day, last_day, weekdays, earliest, latest = ticket
        low, high = self._not_before[earliest], self._not_after[latest]
        if low > high:
            return None
        following = self._nothing_until.get((size, low, high))
        if following is None:
            following = self._nothing_until[size, low, high] = list(range(len(self._days) + 1))
        end = bisect_right(self._ordinals, last_day)
        number = _first_free(following, bisect_left(self._ordinals, first_day))
        while number < end:
            day = self._days[number]
            if day.weekday_bit & weekdays:
                run = day.set_for(size, self._times[low], self._times[high], self._gap)
                if run:
                    return day, run
                following[number] = number + 1
            number = _first_free(following, number + 1)
        return None
