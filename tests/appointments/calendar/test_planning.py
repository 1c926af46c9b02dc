"""Slots from opening hours: properties for any calendar, and days that went wrong elsewhere."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.domain.calendar.hours import Closing, Hours, Pause, minutes_of
from appointments.domain.calendar.planning import DayPlan, PlannedSlot, plan_slots
from appointments.domain.calendar.zones import local_of

ALGIERS, CASABLANCA, CAIRO, BEIRUT = "Africa/Algiers", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut"
MONDAY = date(2027, 1, 4)


def every_day(opens: time, closes: time, counter: int = 1) -> list[Hours]:
    return [Hours(counter, weekday, opens, closes) for weekday in range(7)]


def starts(plan: DayPlan, day: date) -> list[str]:
    return [slot.local_time.strftime("%H:%M") for slot in plan_slots(plan, day, day)]


class TestDay:
    def test_several_intervals(self) -> None:
        hours = [Hours(1, 0, time(9), time(10)), Hours(1, 0, time(14), time(15))]
        assert starts(DayPlan(ALGIERS, 20, hours), MONDAY) == ["09:00", "09:20", "09:40", "14:00", "14:20", "14:40"]

    def test_a_remainder_makes_no_slot(self) -> None:
        assert starts(DayPlan(ALGIERS, 25, [Hours(1, 0, time(9), time(10))]), MONDAY) == ["09:00", "09:25"]

    def test_slots_begin_anew_after_a_break(self) -> None:
        plan = DayPlan(ALGIERS, 20, [Hours(1, 0, time(9), time(11))], [Pause(None, time(9, 50), time(10, 5))])
        assert starts(plan, MONDAY) == ["09:00", "09:20", "10:05", "10:25"]

    def test_a_closure_moves_no_other_slot(self) -> None:
        closing = Closing(None, MONDAY, MONDAY, time(9, 30), time(9, 50))
        plan = DayPlan(ALGIERS, 20, [Hours(1, 0, time(9), time(11))], closings=[closing])
        assert starts(plan, MONDAY) == ["09:00", "10:00", "10:20", "10:40"]

    def test_a_break_of_another_weekday_is_none(self) -> None:
        plan = DayPlan(ALGIERS, 30, [Hours(1, 0, time(9), time(10))], [Pause(4, time(9), time(10))])
        assert starts(plan, MONDAY) == ["09:00", "09:30"]

    def test_closure_of_one_counter(self) -> None:
        hours = [Hours(1, 0, time(9), time(10)), Hours(2, 0, time(9), time(10))]
        plan = DayPlan(ALGIERS, 60, hours, closings=[Closing(2, MONDAY, MONDAY)])
        assert [slot.counter for slot in plan_slots(plan, MONDAY, MONDAY)] == [1]

    @pytest.mark.parametrize(
        ("begin", "end", "left"),
        [(time(9, 30), None, ["09:00"]), (None, time(9, 30), ["09:30"]), (None, None, [])],
    )
    def test_closure_with_one_time_or_none(self, begin: time | None, end: time | None, left: list[str]) -> None:
        plan = DayPlan(
            ALGIERS, 30, [Hours(1, 0, time(9), time(10))], closings=[Closing(None, MONDAY, MONDAY, begin, end)]
        )
        assert starts(plan, MONDAY) == left

    def test_holiday(self) -> None:
        plan = DayPlan(ALGIERS, 30, every_day(time(9), time(10)), holidays={MONDAY})
        assert starts(plan, MONDAY) == []
        assert starts(plan, MONDAY + timedelta(days=1)) == ["09:00", "09:30"]

    def test_algiers_works_from_sunday_to_thursday(self) -> None:
        hours = [Hours(1, weekday, time(9), time(10)) for weekday in (6, 0, 1, 2, 3)]
        found = plan_slots(DayPlan(ALGIERS, 60, hours), date(2027, 1, 1), date(2027, 1, 7))
        assert [slot.local_day.strftime("%a") for slot in found] == ["Sun", "Mon", "Tue", "Wed", "Thu"]

    def test_hours_of_a_season(self) -> None:
        hours = [
            Hours(1, 0, time(9), time(10), last_day=date(2027, 1, 10)),
            Hours(1, 0, time(14), time(15), first_day=date(2027, 1, 11)),
        ]
        plan = DayPlan(ALGIERS, 60, hours)
        assert starts(plan, MONDAY) == ["09:00"]
        assert starts(plan, MONDAY + timedelta(days=7)) == ["14:00"]

    def test_slot_length_must_be_positive(self) -> None:
        with pytest.raises(ValueError, match="0"):
            plan_slots(DayPlan(ALGIERS, 0, []), MONDAY, MONDAY)

    def test_days_the_wrong_way_round_give_nothing(self) -> None:
        assert plan_slots(DayPlan(ALGIERS, 30, every_day(time(9), time(10))), MONDAY, date(2027, 1, 1)) == []


class TestChangeOfTheClock:
    def test_cairo_midnight_does_not_exist(self) -> None:
        plan = DayPlan(CAIRO, 30, every_day(time(0), time(2)))
        assert starts(plan, date(2026, 4, 24)) == ["01:00", "01:30"]
        assert starts(plan, date(2026, 4, 25)) == ["00:00", "00:30", "01:00", "01:30"]

    def test_beirut_repeats_an_hour_and_serves_it_once(self) -> None:
        plan = DayPlan(BEIRUT, 30, every_day(time(22), time(23, 59)))
        slots = plan_slots(plan, date(2026, 10, 24), date(2026, 10, 24))
        assert [slot.local_time.strftime("%H:%M") for slot in slots] == ["22:00", "22:30", "23:00"]
        assert slots[-1].starts_at == datetime(2026, 10, 24, 20, 0, tzinfo=UTC)

    def test_a_working_day_in_morocco_is_the_same_for_people_in_ramadan(self) -> None:
        plan = DayPlan(CASABLANCA, 60, every_day(time(9), time(12)))
        before, during = date(2026, 2, 12), date(2026, 2, 19)
        assert starts(plan, before) == starts(plan, during) == ["09:00", "10:00", "11:00"]
        hours_utc = [plan_slots(plan, day, day)[0].starts_at.hour for day in (before, during)]
        assert hours_utc == [8, 9]

    def test_night_of_the_end_of_ramadan(self) -> None:
        plan = DayPlan(CASABLANCA, 30, every_day(time(1), time(4)))
        assert starts(plan, date(2026, 3, 22)) == ["01:00", "01:30", "03:00", "03:30"]


zones = st.sampled_from([ALGIERS, CASABLANCA, CAIRO, BEIRUT, "Europe/London", "America/Chicago", "Asia/Kolkata"])
minutes_of_day = st.integers(0, 24 * 60 - 1)
clock = minutes_of_day.map(lambda minutes: time(minutes // 60, minutes % 60))
edges = st.sampled_from(
    [date(2026, 2, 14), date(2026, 3, 21), date(2026, 4, 23), date(2026, 10, 24), date(2027, 3, 14), date(2027, 3, 27)]
)
hours = st.builds(Hours, st.integers(1, 3), st.integers(0, 6), clock, clock)
pauses = st.builds(Pause, st.none() | st.integers(0, 6), clock, clock)


@st.composite
def closings(draw: st.DrawFn, first_day: date) -> Closing:
    begin = first_day + timedelta(days=draw(st.integers(-1, 4)))
    end = begin + timedelta(days=draw(st.integers(0, 2)))
    optional = st.none() | clock
    return Closing(draw(st.none() | st.integers(1, 3)), begin, end, draw(optional), draw(optional))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[DayPlan, date, date]:
    first_day = draw(edges | st.dates(date(2025, 1, 1), date(2030, 1, 1)))
    last_day = first_day + timedelta(days=draw(st.integers(0, 5)))
    plan = DayPlan(
        zone_key=draw(zones),
        minutes=draw(st.integers(5, 90)),
        hours=draw(st.lists(hours, max_size=12)),
        pauses=draw(st.lists(pauses, max_size=3)),
        closings=draw(st.lists(closings(first_day), max_size=3)),
        holidays=frozenset({first_day}) if draw(st.booleans()) else frozenset(),
    )
    return plan, first_day, last_day


def minutes_taken(slot: PlannedSlot, minutes: int) -> range:
    start = minutes_of(slot.local_time)
    return range(start, start + minutes)


@settings(max_examples=300)
@given(calendars())
def test_slots_keep_to_the_calendar(calendar: tuple[DayPlan, date, date]) -> None:
    plan, first_day, last_day = calendar
    for slot in plan_slots(plan, first_day, last_day):
        taken = minutes_taken(slot, plan.minutes)
        day = slot.local_day
        assert first_day <= day <= last_day
        assert day not in plan.holidays
        inside = [
            entry
            for entry in plan.hours
            if entry.counter == slot.counter
            and entry.weekday == day.weekday()
            and minutes_of(entry.opens) <= taken.start
            and taken.stop <= minutes_of(entry.closes)
        ]
        assert inside, "every slot lies wholly in one interval of opening hours"
        for pause in plan.pauses:
            if pause.weekday in {None, day.weekday()}:
                assert not any(minutes_of(pause.starts) <= minute < minutes_of(pause.ends) for minute in taken)
        for closing in plan.closings:
            if closing.first_day <= day <= closing.last_day and closing.counter in {None, slot.counter}:
                start = minutes_of(closing.starts) if closing.starts else 0
                end = minutes_of(closing.ends) if closing.ends else 24 * 60
                assert not any(start <= minute < end for minute in taken)


@settings(max_examples=300)
@given(calendars())
def test_no_counter_serves_two_at_once(calendar: tuple[DayPlan, date, date]) -> None:
    plan, first_day, last_day = calendar
    slots = sorted(plan_slots(plan, first_day, last_day), key=lambda slot: (slot.counter, slot.starts_at))
    for earlier, later in pairwise(slots):
        if earlier.counter == later.counter:
            assert earlier.ends_at <= later.starts_at


@settings(max_examples=300)
@given(calendars())
def test_instants_and_local_times_agree(calendar: tuple[DayPlan, date, date]) -> None:
    plan, first_day, last_day = calendar
    for slot in plan_slots(plan, first_day, last_day):
        assert local_of(slot.starts_at, plan.zone_key) == (slot.local_day, slot.local_time)
        assert slot.ends_at - slot.starts_at == timedelta(minutes=plan.minutes)


@given(calendars())
def test_a_longer_range_changes_no_day(calendar: tuple[DayPlan, date, date]) -> None:
    plan, first_day, last_day = calendar
    whole = plan_slots(plan, first_day, last_day)
    by_day = [slot for day in range((last_day - first_day).days + 1) for slot in _one(plan, first_day, day)]
    assert whole == by_day


def _one(plan: DayPlan, first_day: date, offset: int) -> list[PlannedSlot]:
    day = first_day + timedelta(days=offset)
    return plan_slots(plan, day, day)
