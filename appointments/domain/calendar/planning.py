"""Slots from opening hours: local date and time for people, and the instants derived from them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from appointments.domain.calendar.hours import Closing, Hours, Pause, Span, spans_of_day, time_of
from appointments.domain.calendar.zones import slot_instants, zone

__all__ = ["DayPlan", "PlannedSlot", "days_between", "plan_slots"]


@dataclass(frozen=True, slots=True)
class DayPlan:
    """Everything that decides about the slots of one service at one post.

    Attributes:
        zone_key: IANA name of the post's zone.
        minutes: length of one slot.
        hours: opening hours of the counters that serve the service.
        pauses: regular breaks of the post.
        closings: closures of the post and of its counters.
        holidays: days on which the post observes a public holiday.
    """

    zone_key: str
    minutes: int
    hours: Sequence[Hours]
    pauses: Sequence[Pause] = ()
    closings: Sequence[Closing] = ()
    holidays: Collection[date] = frozenset()


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """One place at one counter: local time as promised, instants as derived (UTC)."""

    counter: int
    local_day: date
    local_time: time
    starts_at: datetime
    ends_at: datetime


def days_between(first_day: date, last_day: date) -> Iterator[date]:
    """Every day from the first to the last, both included; none if they are the wrong way round."""
    for offset in range((last_day - first_day).days + 1):
        yield first_day + timedelta(days=offset)


def plan_slots(plan: DayPlan, first_day: date, last_day: date) -> list[PlannedSlot]:
    """All slots of a plan in a range of local days (both included).

    The slots of an interval follow each other from its start. One that would end after the
    interval, touch a closure, begin at a time that the clock jumps over or lie across a change
    of the clock is left out. Where hours overlap on a counter the earlier slot wins.

    Raises:
        ValueError: the slot length is not positive.
        ZoneUnknownError: the zone does not exist.
    """
    if plan.minutes <= 0:
        raise ValueError(plan.minutes)
    observed = frozenset(plan.holidays)
    planned: list[PlannedSlot] = []
    for day in days_between(first_day, last_day):
        if day not in observed:
            planned.extend(_slots_of_day(plan, day))
    return planned


def _slots_of_day(plan: DayPlan, day: date) -> Iterator[PlannedSlot]:
    midnight = _steady_midnight(day, plan.zone_key)
    length = timedelta(minutes=plan.minutes)
    closings = [closing for closing in plan.closings if closing.first_day <= day <= closing.last_day]
    taken_until: dict[int, int] = {}
    for counter, span in spans_of_day(day, plan.hours, plan.pauses):
        closed = [part for closing in closings if (part := closing.span_on(day, counter)) is not None]
        start = max(span.start, taken_until.get(counter, 0))
        while start + plan.minutes <= span.end:
            slot = Span(start, start + plan.minutes)
            start = taken_until[counter] = slot.end
            if any(slot.overlaps(part) for part in closed):
                continue
            at = time_of(slot.start)
            if midnight is not None:
                starts_at = midnight + timedelta(minutes=slot.start)
                yield PlannedSlot(counter, day, at, starts_at, starts_at + length)
            elif (instants := slot_instants(day, at, plan.minutes, plan.zone_key)) is not None:
                yield PlannedSlot(counter, day, at, *instants)


def _steady_midnight(day: date, zone_key: str) -> datetime | None:
    """The instant of local midnight when the clock does not change on this day.

    Almost every day is one; a sum then replaces a look into the zone's rules for every slot.
    The offsets of an hour around the day are compared as well, because some clocks change at
    midnight itself.
    """
    rules = zone(zone_key)
    midnight = datetime.combine(day, time(), tzinfo=rules)
    probes = (midnight + timedelta(hours=hours) for hours in range(-1, 26))
    offsets = {probe.replace(fold=fold).utcoffset() for probe in probes for fold in (0, 1)}
    return midnight.astimezone(UTC) if len(offsets) == 1 else None
