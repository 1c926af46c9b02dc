"""Local times and instants at the edges of daylight saving and of Ramadan."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.domain.calendar.zones import (
    ZoneUnknownError,
    instant_of,
    local_of,
    nearest_instant,
    rules_version,
    slot_instants,
    zone,
)

ZONES = (
    "Africa/Algiers",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/New_York",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Europe/London",
    "Indian/Antananarivo",
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


class TestRamadanInMorocco:
    """Morocco kept UTC+1 and went to UTC+0 for Ramadan: 15 February to 22 March 2026."""

    def test_nine_oclock_is_an_hour_later_in_ramadan(self) -> None:
        nine = time(9)
        assert instant_of(date(2026, 2, 13), nine, "Africa/Casablanca") == utc(2026, 2, 13, 8)
        assert instant_of(date(2026, 2, 16), nine, "Africa/Casablanca") == utc(2026, 2, 16, 9)
        assert instant_of(date(2026, 3, 20), nine, "Africa/Casablanca") == utc(2026, 3, 20, 9)
        assert instant_of(date(2026, 3, 23), nine, "Africa/Casablanca") == utc(2026, 3, 23, 8)

    def test_end_of_ramadan_has_a_gap(self) -> None:
        day = date(2026, 3, 22)
        assert instant_of(day, time(1, 59), "Africa/Casablanca") == utc(2026, 3, 22, 1, 59)
        assert instant_of(day, time(2, 0), "Africa/Casablanca") is None
        assert instant_of(day, time(2, 59), "Africa/Casablanca") is None
        assert instant_of(day, time(3, 0), "Africa/Casablanca") == utc(2026, 3, 22, 2)

    def test_start_of_ramadan_has_a_fold(self) -> None:
        day = date(2026, 2, 15)
        assert instant_of(day, time(2, 30), "Africa/Casablanca") == utc(2026, 2, 15, 1, 30)
        assert instant_of(day, time(3, 0), "Africa/Casablanca") == utc(2026, 2, 15, 3)


class TestGapAndFold:
    def test_cairo_jumps_over_midnight(self) -> None:
        day = date(2026, 4, 24)
        assert instant_of(day, time(0, 0), "Africa/Cairo") is None
        assert instant_of(day, time(0, 59), "Africa/Cairo") is None
        assert instant_of(day, time(1, 0), "Africa/Cairo") == utc(2026, 4, 23, 22)

    def test_beirut_shows_the_last_hour_of_a_day_twice(self) -> None:
        day = date(2026, 10, 24)
        assert instant_of(day, time(23, 30), "Asia/Beirut") == utc(2026, 10, 24, 20, 30)
        assert instant_of(date(2026, 10, 25), time(0, 0), "Asia/Beirut") == utc(2026, 10, 24, 22)

    def test_london_gap_and_fold(self) -> None:
        assert instant_of(date(2027, 3, 28), time(1, 30), "Europe/London") is None
        assert instant_of(date(2027, 10, 31), time(1, 30), "Europe/London") == utc(2027, 10, 31, 0, 30)

    def test_a_promise_that_fell_into_a_gap_still_has_an_instant(self) -> None:
        assert nearest_instant(date(2027, 3, 28), time(1, 30), "Europe/London") == utc(2027, 3, 28, 1, 30)

    @pytest.mark.parametrize(
        ("day", "at", "there"),
        [
            (date(2027, 3, 28), time(0, 45), True),  # ends as the clock jumps
            (date(2027, 3, 28), time(0, 50), False),  # runs across the jump
            (date(2027, 3, 28), time(1, 0), False),  # begins inside the gap
            (date(2027, 3, 28), time(2, 0), True),
            (date(2027, 10, 31), time(1, 45), True),  # first of the two, ends as the clock goes back
            (date(2027, 10, 31), time(1, 50), False),
            (date(2027, 10, 31), time(2, 0), True),
        ],
    )
    def test_a_slot_lies_on_one_side_of_a_change(self, day: date, at: time, there: bool) -> None:
        assert (slot_instants(day, at, 15, "Europe/London") is not None) is there


@pytest.mark.parametrize("key", ["", "Mars/Base", "../etc/passwd", "/etc/passwd", "Europe", "tzdata.zi", "a\0b", "."])
def test_unknown_zone_is_refused(key: str) -> None:
    with pytest.raises(ZoneUnknownError):
        zone(key)


@pytest.mark.parametrize("key", ZONES)
def test_all_of_the_project_has_the_rules_of_the_lock(key: str) -> None:
    assert not zoneinfo.TZPATH
    for month in range(1, 13):
        moment = datetime(2026, month, 15, 12)  # noqa: DTZ001 - on the wall
        assert zoneinfo.ZoneInfo(key).utcoffset(moment) == zone(key).utcoffset(moment)


def test_rules_have_a_version() -> None:
    assert rules_version()[:4].isdigit()


days = st.dates(date(2020, 1, 1), date(2036, 12, 31))
times = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))


@given(day=days, at=times, key=st.sampled_from(ZONES))
def test_an_instant_shows_the_local_time_it_came_from(day: date, at: time, key: str) -> None:
    found = instant_of(day, at, key)
    if found is None:
        before = nearest_instant(day, at, key)
        assert local_of(before, key) > (day, at)
    else:
        assert local_of(found, key) == (day, at)
        earlier = found - timedelta(hours=1)
        assert local_of(earlier, key) != (day, at), "of two equal times the first is meant"
