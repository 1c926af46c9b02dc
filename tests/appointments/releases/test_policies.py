"""Policies: the impossible ones are refused with the reason, the others are forecast, versioned and kept."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from accounts.models import Role
from appointments.domain.feasibility import Flaw, Proposal, Warn, flaws, warnings
from appointments.domain.release import Pace
from appointments.domain.waiting import thresholds, wait_from
from appointments.models import ReleasePolicy
from appointments.releases.planner import Load, chart, outlook
from appointments.releases.policies import FIELDS, VersionRefusedError, in_words, save_policy
from appointments.releases.ticks import policy_in_force
from tests.accounts.people import make_staff, signed_in
from tests.cast import Scene, make_slots

GOOD: dict[str, Any] = {
    "mode": "windowed",
    "late_slots_per_day": 10,
    "late_days": 2,
    "lead_min_days": 3,
    "lead_max_days": 30,
    "claim_window_seconds": 3600,
    "has_batch_time": True,
    "urgent_percent": 5,
    "first_come_percent": 10,
    "largest_group": 6,
}


def proposal(**changes: Any) -> Proposal:
    pace = {
        "release_from": time(8),
        "release_until": time(20),
        "tick_seconds": 30,
        "slots_per_day": 200,
        "largest": 12,
    }
    mine = {name: changes.pop(name) for name in list(changes) if name in pace}
    return Proposal(pace=Pace(**(pace | mine)), **(GOOD | changes))


def found(one: Proposal) -> set[Flaw]:
    return {finding.what for finding in flaws(one)}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"release_until": time(8)}, Flaw.HOURS_EMPTY),
        ({"release_until": time(8, 0, 20)}, Flaw.TICK_TOO_LONG),
        ({"slots_per_day": 9361}, Flaw.PACE_TOO_HIGH),
        ({"late_slots_per_day": 9361}, Flaw.LATE_PACE_TOO_HIGH),
        ({"lead_min_days": 31}, Flaw.LEADS_REVERSED),
        ({"lead_max_days": 184}, Flaw.LEAD_TOO_LONG),
        ({"late_days": 30}, Flaw.LATE_LEAVES_NOTHING),
        ({"largest": 5}, Flaw.RELEASE_TOO_SMALL_FOR_FAMILIES),
        ({"mode": "batch", "slots_per_day": 5}, Flaw.BATCH_TOO_SMALL_FOR_FAMILIES),
        ({"mode": "batch", "has_batch_time": False}, Flaw.BATCH_WITHOUT_TIME),
        ({"claim_window_seconds": 29}, Flaw.WINDOW_TOO_SHORT),
        ({"urgent_percent": 101}, Flaw.PERCENT_OUT_OF_RANGE),
    ],
)
def test_an_impossible_policy_is_refused_with_its_reason(changes: dict[str, Any], flaw: Flaw) -> None:
    (finding,) = flaws(proposal(**changes))
    assert finding.what == flaw
    assert "%" not in in_words(finding)


def test_the_highest_possible_pace_is_possible() -> None:
    assert not flaws(proposal(slots_per_day=9360))
    assert not flaws(proposal())


def test_warnings_compare_with_the_capacity() -> None:
    assert [one.what for one in warnings(proposal(), 300)] == [Warn.SLOTS_WILL_BE_LEFT]
    assert [one.what for one in warnings(proposal(), 150)] == [Warn.POOL_WILL_RUN_DRY]
    assert [one.what for one in warnings(proposal(late_slots_per_day=0), 200)] == [Warn.NO_LATE_STREAM]
    assert not warnings(proposal(), None)


def test_the_forecast_agrees_with_the_exact_case() -> None:
    """200 waiting, 20 places a draw, 20 new ones: mean 10 draws, 99 % in 28, as the simulated draws measure."""
    shares, crowd = thresholds([180.0], 20, 20, draws=600)
    wait = wait_from(shares, 300)
    assert wait.mean == pytest.approx(10, abs=0.01)
    assert (wait.ninety, wait.ninety_nine) == (17, 28)
    assert crowd[300] == pytest.approx(200)


def test_enough_places_mean_the_next_draw() -> None:
    shares, _ = thresholds([], 10, 20, draws=5)
    assert shares == [1.0] * 5
    assert wait_from(shares, 0).ninety_nine == 1


def test_ten_times_too_many_have_no_bound_and_the_forecast_says_so() -> None:
    steps: list[int] = []
    load = Load(requests_per_day=200, slots_per_day=20, mean_size=1, backlog=())
    seen = outlook(load, progress=lambda *done: steps.append(done[0]))
    assert seen.grows_by == 180
    assert seen.today.mean is None
    assert seen.crowd[-1] > 60_000
    assert steps == sorted(steps)


def test_the_chart_is_plain_svg_without_styles_or_scripts() -> None:
    load = Load(requests_per_day=25, slots_per_day=24, mean_size=1.2, backlog=(500, 100))
    picture = chart(outlook(load), ["mean", "<90>", "99"], "days", "asked")
    assert picture.count("<polyline") == 3
    assert "&lt;90&gt;" in picture
    assert "style=" not in picture
    assert "<script" not in picture


def values(scene: Scene, **changes: Any) -> dict[str, Any]:
    current = policy_in_force(scene.drawn)
    return {name: getattr(current, name) for name in FIELDS} | changes


@translation.override("en")
def test_versions_follow_each_other_and_nobody_overwrites_unseen(scene: Scene) -> None:
    known = {"author": "hélène", "reason": "slower", "now": timezone.now()}
    second = save_policy(scene.drawn, values(scene, slots_per_day=60), based_on=1, **known)
    assert (second.version, policy_in_force(scene.drawn)) == (2, second)
    with pytest.raises(VersionRefusedError, match="in the meantime"):
        save_policy(scene.drawn, values(scene), based_on=1, **known)
    with pytest.raises(VersionRefusedError, match="cannot be reached"):
        save_policy(scene.drawn, values(scene, slots_per_day=10**6), based_on=2, **known)
    assert ReleasePolicy.objects.filter(service=scene.drawn).count() == 2


def form_data(scene: Scene, **changes: Any) -> dict[str, Any]:
    data = {name: "" if value is None else value for name, value in values(scene).items()}
    return data | {"based_on": 1, "reason": "try", "demand": "", "batch_time": "18:00"} | changes


def test_staff_see_what_a_policy_means_before_they_save_it(scene: Scene) -> None:
    client = signed_in(make_staff(Role.HEAD, "dz-alg"))
    client.cookies["django_language"] = "en"
    address = "/admin/policies/dz-alg/c-tour/"
    make_slots(scene.drawn, 56, day=timezone.now().date() + timedelta(days=7), counters=8)
    assert "dz-alg/c-tour" in client.get("/admin/policies/").content.decode()
    assert "<svg" in client.get(address).content.decode()
    page = client.post(address, form_data(scene, preview="1", demand="5000")).content.decode()
    assert "No rule bounds the wait then" in page
    assert "the pool will run dry" in page
    page = client.post(address, form_data(scene, preview="1", slots_per_day="9999999")).content.decode()
    assert "cannot be reached" in page
    assert ReleasePolicy.objects.filter(service=scene.drawn).count() == 1
    page = client.post(address, form_data(scene, save="1", reason=" ")).content.decode()
    assert "Say in a sentence why" in page
    answer = client.post(address, form_data(scene, save="1", slots_per_day=77))
    assert answer.status_code == 302
    saved = policy_in_force(scene.drawn)
    assert (saved.version, saved.slots_per_day, saved.reason) == (2, 77, "try")
    page = client.post(address, form_data(scene, save="1")).content.decode()
    assert "in the meantime" in page


def test_only_those_who_may_decide_and_only_for_their_posts(scene: Scene) -> None:
    assert signed_in(make_staff(Role.AGENT, "dz-alg")).get("/admin/policies/").status_code == 403
    other = signed_in(make_staff(Role.HEAD, "ma-rab"))
    assert other.get("/admin/policies/dz-alg/c-tour/").status_code == 403
    assert "dz-alg/c-tour" not in other.get("/admin/policies/").content.decode()
