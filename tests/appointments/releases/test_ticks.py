"""Ticks on the tables: once each, within the hours, from the right days, into the right draw."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from scipy.stats import chi2

from appointments.domain.chance import SeededChance
from appointments.domain.release import Pick
from appointments.integrity import violations
from appointments.models import Draw, Post, Release, ReleasePolicy, Service, Slot, TickMark, TickTally
from appointments.releases import pool
from appointments.releases.tasks import release
from appointments.releases.ticks import behind, release_tick
from tests.cast import Scene, make_scene, make_slots
from tests.processes import test_environment as environment_of

NOON = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)  # 12:00 in Algiers
TICK = timedelta(seconds=30)


class Always:
    """A chance that always opens (0 is below every numerator), one slot, the first ones."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)

    def randrange(self, start: int, /) -> int:
        return min(self.numbers.pop(0), start - 1) if self.numbers else 0


def new_policy(service: Service, **fields: object) -> ReleasePolicy:
    last = service.policies.latest()
    last.pk, last.version = None, last.version + 1
    for name, value in fields.items():
        setattr(last, name, value)
    last.save(force_insert=True)
    return last


def pooled(service: Service, count: int, days_ahead: int, **options: object) -> list[Slot]:
    return make_slots(service, count, day=(NOON + timedelta(days=days_ahead)).date(), **options)  # type: ignore[arg-type]


def test_a_tick_is_decided_once_and_written_down_afterwards(scene: Scene) -> None:
    pooled(scene.drawn, 10, 7)
    (opened,) = release_tick(scene.drawn, NOON, Always(0, 3))
    assert (opened.slots_count, opened.pool_size, opened.kind, opened.policy.version) == (4, 10, "drawn", 1)
    assert release_tick(scene.drawn, NOON + timedelta(seconds=29), Always()) == []
    assert release_tick(scene.drawn, NOON - timedelta(hours=1), Always()) == [], "a clock that was set back"
    assert len(release_tick(scene.drawn, NOON + TICK, Always())) == 1
    tally = TickTally.objects.get()
    assert (tally.ticks, tally.releases, tally.slots) == (2, 2, 5)
    assert Slot.objects.filter(state="in_draw").count() == 5
    assert scene.drawn.pool_days.get().count == 5
    assert not list(violations(NOON))


def test_an_outage_is_not_caught_up(scene: Scene) -> None:
    pooled(scene.drawn, 50, 7)
    release_tick(scene.drawn, NOON, Always())
    later = release_tick(scene.drawn, NOON + timedelta(hours=5), Always())
    assert [one.slots_count for one in later] == [1]
    assert TickTally.objects.get().ticks == 2


def test_a_clock_set_back_is_seen(scene: Scene) -> None:
    release_tick(scene.drawn, NOON, Always())
    assert behind(scene.drawn, NOON) == timedelta(0)
    assert behind(scene.drawn, NOON - timedelta(hours=2)) == timedelta(hours=2)


def test_a_longer_tick_of_a_new_policy_goes_on_from_where_it_was(scene: Scene) -> None:
    pooled(scene.drawn, 9, 7)
    release_tick(scene.drawn, NOON + TICK, Always())
    new_policy(scene.drawn, tick_seconds=60)
    assert release_tick(scene.drawn, NOON + TICK + timedelta(seconds=20), Always()) == []
    assert len(release_tick(scene.drawn, NOON + 2 * TICK, Always())) == 1


def test_nothing_opens_outside_the_hours_of_the_post(scene: Scene) -> None:
    pooled(scene.drawn, 9, 7)
    new_policy(scene.drawn, release_from=time(12, 0), release_until=time(13, 0))
    assert release_tick(scene.drawn, NOON - timedelta(seconds=1), Always()) == []
    assert len(release_tick(scene.drawn, NOON, Always())) == 1
    assert release_tick(scene.drawn, NOON + timedelta(hours=1), Always()) == []
    Post.objects.update(timezone="Asia/Dubai")
    assert release_tick(Service.objects.get(pk=scene.drawn.pk), NOON + timedelta(minutes=5), Always()) == []


def test_only_days_within_the_lead_times_open(scene: Scene) -> None:
    for days_ahead in (0, 2, 3, 30, 31):
        pooled(scene.drawn, 1, days_ahead)
    new_policy(scene.drawn, lead_min_days=3, lead_max_days=30)
    release_tick(scene.drawn, NOON, Always(0, 19))
    opened = Slot.objects.filter(state="in_draw").values_list("local_day", flat=True)
    assert sorted((day - NOON.date()).days for day in opened) == [3, 30]


def test_late_slots_go_to_a_standby_draw_of_their_own(scene: Scene) -> None:
    pooled(scene.drawn, 2, 1, state="withheld")
    pooled(scene.drawn, 2, 9)
    new_policy(scene.drawn, lead_min_days=3, late_days=2, late_slots_per_day=100)
    ordinary, late = release_tick(scene.drawn, NOON, Always())
    assert (ordinary.stream, ordinary.kind, late.stream, late.kind) == ("ordinary", "drawn", "late", "standby")
    assert late.draw.standby
    assert late.draw.closes_at == NOON + timedelta(seconds=120)
    assert late.slots.get().local_day == (NOON + timedelta(days=1)).date()


def test_a_batch_collects_the_releases_of_a_day_in_one_draw(scene: Scene) -> None:
    pooled(scene.drawn, 9, 7)
    policy = new_policy(scene.drawn, mode="batch", batch_time=time(18, 0))
    first = release_tick(scene.drawn, NOON, Always())[0]
    second = release_tick(scene.drawn, NOON + timedelta(hours=2), Always())[0]
    evening = release_tick(scene.drawn, NOON + timedelta(hours=7), Always())[0]
    assert first.draw == second.draw != evening.draw
    assert first.draw.closes_at == datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
    assert evening.draw.closes_at == datetime(2026, 12, 2, 17, 0, tzinfo=UTC)
    newer = new_policy(scene.drawn, largest_release=7)
    other = release_tick(scene.drawn, NOON + timedelta(hours=8), Always())[0]
    assert (evening.draw.policy, other.draw.policy) == (policy, newer)


def test_windowed_releases_are_drawn_each_on_its_own(scene: Scene) -> None:
    pooled(scene.drawn, 9, 7)
    draws = [release_tick(scene.drawn, NOON + n * TICK, Always())[0].draw for n in range(2)]
    assert draws[0] != draws[1]
    assert draws[0].closes_at == NOON + timedelta(seconds=120)


def test_first_come_services_open_to_the_calendar(scene: Scene) -> None:
    pooled(scene.first_come, 3, 7)
    assert release_tick(scene.first_come, NOON, Always(0, 1))[0].draw is None
    assert Slot.objects.filter(state="released").count() == 2
    assert Draw.objects.count() == 0


def test_shares_of_a_policy_are_decided_at_the_release(scene: Scene) -> None:
    pooled(scene.drawn, 400, 7, counters=20)
    new_policy(scene.drawn, urgent_percent=30, first_come_percent=40, slots_per_day=28_000, largest_release=20)
    chance = SeededChance(5)
    for number in range(60):
        release_tick(scene.drawn, NOON + number * TICK, chance)
    kinds = Counter(Release.objects.values_list("kind", flat=True))
    drawn = Slot.objects.filter(state="in_draw")
    assert 0.2 < kinds["first_come"] / kinds.total() < 0.6
    assert 0.2 < drawn.filter(quota="urgent").count() / drawn.count() < 0.4
    assert not Slot.objects.filter(state="released", quota="urgent").exists()


def test_no_future_release_exists_anywhere(scene: Scene) -> None:
    """Whatever is written about a release says that it happened; the tables have no place for a planned one."""
    pooled(scene.drawn, 9, 7)
    release_tick(scene.drawn, NOON, Always())
    assert set(Release.objects.values_list("opened_at", flat=True)) == {NOON}
    assert set(TickMark.objects.values_list("last_tick", flat=True)) == {int(NOON.timestamp())}
    fields = {field.name for field in Release._meta.get_fields()}
    assert fields == {
        "id", "service", "policy", "tick", "stream", "kind", "draw", "opened_at", "slots_count", "pool_size", "slots"
    }  # fmt: skip


def test_a_closed_service_and_one_without_a_policy_release_nothing(scene: Scene) -> None:
    pooled(scene.drawn, 9, 7)
    scene.drawn.is_open = False
    assert release_tick(scene.drawn, NOON, Always()) == []
    Slot.objects.all().delete()
    assert release() == 0
    assert release_tick(scene.drawn, NOON, Always()) == []


def test_large_days_are_picked_from_uniformly(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """χ² over 40 slots of a day whose ids lie among others', at 1e-6; the control favours what follows a gap."""
    other = pooled(scene.drawn, 40, 8, counters=4)
    mine = pooled(scene.drawn, 40, 7, counters=4)
    Slot.objects.filter(pk__in=[slot.pk for slot in mine[10:20] + other[:5]]).update(state="removed")
    day = mine[0].local_day
    monkeypatch.setattr(pool, "WALK_AT_MOST", 5)
    monkeypatch.setattr(pool, "GUESSES_A_SLOT", 2)
    chance, left = SeededChance(3), 30
    seen = Counter(
        found
        for _ in range(900)
        for found in pool.slot_ids(scene.drawn.pk, [Pick(day, 0), Pick(day, 1)], {day: left}, chance)
    )
    assert set(seen) == {slot.pk for slot in mine[:10] + mine[20:]}

    def statistic(counts: Counter[int]) -> float:
        expected = counts.total() / left
        return sum((count - expected) ** 2 / expected for count in counts.values())

    assert statistic(seen) < chi2.isf(1e-6, left - 1)
    low, high, ids = mine[0].pk, mine[-1].pk, sorted(seen)
    guesses = (low + chance.randrange(high - low + 1) for _ in range(3000))
    unfair = Counter(next(pk for pk in ids if pk >= guess) for guess in guesses)
    assert statistic(unfair) > chi2.isf(1e-6, left - 1)


def beats(folder: Path, how: str, number: int = 2) -> list[dict[str, int]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.appointments.releases.beating", how],
            env=environment_of(folder),
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    ended = [process.communicate(timeout=90) for process in started]
    for process, (_, said) in zip(started, ended, strict=True):
        assert process.returncode == 0, said[-3000:]
    return [json.loads(out.splitlines()[-1]) for out, _ in ended]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["as it is", "control"])
def test_two_beats_decide_each_tick_once(tmp_path: Path, how: str) -> None:
    scene = make_scene()
    make_slots(scene.drawn, 600, day=(NOON + timedelta(days=7)).date(), counters=30)
    new_policy(scene.drawn, slots_per_day=28_000, largest_release=20)
    both = beats(tmp_path, how)
    ticks = TickTally.objects.get().ticks
    assert sum(one["decided"] for one in both) == ticks
    if how == "control":
        assert ticks > 60, "without compare-and-set some tick is decided twice, so the race is real"
    else:
        assert ticks == 60
        assert min(one["decided"] for one in both) > 0, "both took part"
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), count(DISTINCT tick) FROM appointments_release")
            rows, distinct = cursor.fetchone()
        assert rows == distinct
        assert not list(violations(NOON))
