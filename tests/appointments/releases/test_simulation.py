"""`simulate_release`: the same rules on a simulated clock, the same output for the same seed."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, time
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from appointments.domain.release import Pace
from appointments.releases.simulation import spread, ticks_of
from tests.cast import Scene


def lines(*arguments: str) -> list[dict[str, object]]:
    out = StringIO()
    call_command("simulate_release", *arguments, "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_run_is_reproducible_complete_and_within_the_hours() -> None:
    policy, *releases = lines("--seed", "7", "--days", "20", "--slots", "1500")
    assert lines("--seed", "7", "--days", "20", "--slots", "1500") == [policy, *releases]
    assert lines("--seed", "8", "--days", "20", "--slots", "1500")[1:] != releases
    left = 1500
    zone = ZoneInfo(str(policy["timezone"]))
    for one in releases:
        assert 1 <= one["opened"] <= policy["largest_release"]
        left -= one["opened"]
        assert one["pool"] == left >= 0
        local = datetime.fromisoformat(str(one["at"])).astimezone(zone)
        assert time(8) <= local.time() < time(20)
        assert datetime.fromisoformat(str(one["at"])).timestamp() % int(policy["tick_seconds"]) == 0
    assert len({one["at"] for one in releases}) == len(releases)
    assert 0.75 * 1500 < 1500 - left <= 1500


def test_a_service_s_own_policy_can_be_simulated(scene: Scene) -> None:
    policy = lines("--seed", "1", "--days", "2", "--slots", "300", "--service", "dz-alg/c-tour")[0]
    assert (policy["slots_per_day"], policy["release_until"]) == (200, "23:59:00")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--slots", "0"), "at least 1"),
        (("--timezone", "Mars/Base"), "no time zone Mars/Base"),
        (("--from", "20:00", "--until", "08:00"), "hold no tick"),
        (("--pace", "100000", "--largest", "2"), "is impossible: these ticks open 2160"),
        (("--service", "no/such"), "no service no/such"),
    ],
)
def test_what_cannot_be_simulated_is_said(db: None, arguments: tuple[str, str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("simulate_release", "--seed", "1", "--days", "2", "--slots", "9", *arguments, stdout=StringIO())


def test_days_on_which_the_clock_changes_keep_their_hours() -> None:
    """Paris, 29 March and 25 October 2026: the night has 23 and 25 hours, the release hours keep their length."""
    pace = Pace(release_from=time(1), release_until=time(5), tick_seconds=60, slots_per_day=10, largest=2)
    zone = ZoneInfo("Europe/Paris")
    numbers = [
        len(list(ticks_of(pace, day, zone))) for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))
    ]
    assert numbers == [240, 180, 300]
    every = [
        tick for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)) for tick in ticks_of(pace, day, zone)
    ]
    assert len(set(every)) == len(every)


def test_slots_are_spread_evenly() -> None:
    assert Counter(spread(10, date(2026, 1, 1), 4).values()) == Counter({2: 2, 3: 2})
    assert sum(spread(7, date(2026, 1, 1), 30).values()) == 7
