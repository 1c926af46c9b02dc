"""What is open when, at one post: intervals of the day, less breaks, closures and holidays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

__all__ = ["Closing", "Hours", "Pause", "Span", "minutes_of", "spans_of_day", "time_of"]

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Part of a day, in minutes after local midnight; the end is not part of it."""

    start: int
    end: int

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share any moment; touching is not overlapping."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Hours:
    """One interval in which a counter serves one service on one weekday (0 = Monday)."""

    counter: int
    weekday: int
    opens: time
    closes: time
    first_day: date | None = None
    last_day: date | None = None

    def span_on(self, day: date) -> Span | None:
        """The interval on this day, or `None` when these hours do not apply to it."""
        if day.weekday() != self.weekday:
            return None
        if self.first_day is not None and day < self.first_day:
            return None
        if self.last_day is not None and day > self.last_day:
            return None
        span = Span(minutes_of(self.opens), minutes_of(self.closes))
        return span if span.start < span.end else None


@dataclass(frozen=True, slots=True)
class Pause:
    """A regular break of the whole post, on one weekday or on every one (`None`)."""

    weekday: int | None
    starts: time
    ends: time

    def span_on(self, day: date) -> Span | None:
        """The break on this day, if it has one."""
        if self.weekday is not None and day.weekday() != self.weekday:
            return None
        return Span(minutes_of(self.starts), minutes_of(self.ends))


@dataclass(frozen=True, slots=True)
class Closing:
    """An exceptional closure of the post (`counter` is `None`) or of one counter.

    Without times the whole of every day from `first_day` to `last_day` (both included);
    with one time only, from it to the end of the day or from midnight to it.
    """

    counter: int | None
    first_day: date
    last_day: date
    starts: time | None = None
    ends: time | None = None

    def span_on(self, day: date, counter: int) -> Span | None:
        """What this closure takes from a counter on a day."""
        if not self.first_day <= day <= self.last_day:
            return None
        if self.counter is not None and self.counter != counter:
            return None
        start = 0 if self.starts is None else minutes_of(self.starts)
        end = DAY_MINUTES if self.ends is None else minutes_of(self.ends)
        return Span(start, end)


def minutes_of(at: time) -> int:
    """Minutes after midnight; seconds are dropped."""
    return at.hour * 60 + at.minute


def time_of(minutes: int) -> time:
    """The time of day that is so many minutes after midnight."""
    return time(minutes // 60, minutes % 60)


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of an interval, in order, when others are taken out of it."""
    left, start = [], span.start
    for other in sorted(taken):
        if other.end <= start or other.start >= span.end or other.start >= other.end:
            continue
        if other.start > start:
            left.append(Span(start, other.start))
        start = other.end
    if start < span.end:
        left.append(Span(start, span.end))
    return left


def spans_of_day(day: date, hours: Iterable[Hours], pauses: Iterable[Pause]) -> list[tuple[int, Span]]:
    """The intervals in which slots can be laid out on a day: `(counter, interval)`, in order.

    Breaks divide the hours; closures do not, because a closure that comes and goes must not
    move the slots of the rest of the day.
    """
    breaks = [span for pause in pauses if (span := pause.span_on(day)) is not None]
    found = [
        (entry.counter, part)
        for entry in hours
        if (span := entry.span_on(day)) is not None
        for part in without(span, breaks)
    ]
    return sorted(found)
