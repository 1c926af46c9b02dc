"""Slots follow the calendar, and what was shown to somebody stays."""

import threading
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from appointments.calendar import making
from appointments.calendar.making import make_slots, make_slots_of_post, preview_slots
from appointments.models import (
    Break,
    Closure,
    Counter,
    Holiday,
    OpeningHours,
    PoolDay,
    Post,
    Release,
    Service,
    Slot,
)
from tests.appointments.calendar.conftest import NOW, TODAY, new_policy, new_service, open_counter

SATURDAY = date(2026, 11, 28)
SUNDAY = date(2026, 11, 29)


def times_on(day: date) -> list[str]:
    return [
        at.strftime("%H:%M")
        for at in Slot.objects.filter(local_day=day).order_by("local_time").values_list("local_time", flat=True)
    ]


def release(slots: list[Slot], policy_service: Service, state: str = Slot.State.RELEASED) -> None:
    policy = new_policy(policy_service, mode="first_come")
    opened = Release.objects.create(
        service=policy_service,
        policy=policy,
        tick=1,
        kind="first_come",
        opened_at=NOW,
        slots_count=len(slots),
        pool_size=9,
    )
    Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(state=state, release=opened)


def test_a_week_of_algiers(service: Service) -> None:
    changes = make_slots(service, TODAY, SUNDAY, NOW)
    assert (changes.created, changes.removed, changes.kept, changes.blocked) == (30, 0, 0, 0)
    days = {day.strftime("%a") for day in Slot.objects.values_list("local_day", flat=True)}
    assert days == {"Mon", "Tue", "Wed", "Thu", "Sun"}
    first = Slot.objects.earliest("starts_at")
    assert (first.local_time, first.starts_at) == (time(9), datetime(2026, 11, 23, 8, tzinfo=UTC))
    assert first.state == Slot.State.POOLED
    assert sum(PoolDay.objects.values_list("count", flat=True)) == 30


def test_making_twice_changes_nothing(service: Service) -> None:
    make_slots(service, TODAY, SUNDAY, NOW)
    before = list(Slot.objects.order_by("pk").values())
    changes = make_slots(service, TODAY, SUNDAY, NOW)
    assert not changes.changes_anything
    assert changes.kept == 30
    assert list(Slot.objects.order_by("pk").values()) == before


def test_nothing_is_made_in_the_past(service: Service) -> None:
    half_past_ten = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    make_slots(service, TODAY - timedelta(days=7), TODAY, half_past_ten)
    assert times_on(TODAY) == ["11:00", "11:30"]
    assert Slot.objects.count() == 2


def test_what_was_open_this_morning_is_not_taken_back(service: Service) -> None:
    make_slots(service, TODAY, TODAY, NOW)
    OpeningHours.objects.all().delete()
    half_past_ten = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    changes = make_slots(service, TODAY, TODAY, half_past_ten)
    assert changes.removed == 2
    assert times_on(TODAY) == ["09:00", "09:30", "10:00", "10:30"]


@pytest.mark.parametrize(
    ("make_row", "left"),
    [
        (lambda post: Break(post=post, starts=time(10), ends=time(11)), ["09:00", "09:30", "11:00", "11:30"]),
        (
            lambda post: Break(post=post, weekday=0, starts=time(10), ends=time(11)),
            ["09:00", "09:30", "11:00", "11:30"],
        ),
        (lambda post: Break(post=post, weekday=1, starts=time(10), ends=time(11)), None),
        (lambda post: Closure(post=post, first_day=TODAY, last_day=TODAY, reason="inventory"), []),
        (
            lambda post: Closure(
                post=post, first_day=TODAY, last_day=TODAY, starts=time(9), ends=time(11, 15), reason="training"
            ),
            ["11:30"],
        ),
        (lambda post: Holiday(post=post, day=TODAY, name="Fête", country="DZ"), []),
        (lambda post: Holiday(post=post, day=TODAY, name="Fête", country="FR", observed=False), None),
    ],
)
def test_a_change_of_the_calendar_is_followed_and_taken_back(
    service: Service, make_row: object, left: list[str] | None
) -> None:
    make_slots(service, TODAY, TODAY, NOW)
    everything = times_on(TODAY)
    row = make_row(service.post)  # type: ignore[operator]
    row.save()
    assert preview_slots(service.post, TODAY, TODAY, NOW).removed == (0 if left is None else 6 - len(left))
    make_slots(service, TODAY, TODAY, NOW)
    assert times_on(TODAY) == (everything if left is None else left)
    row.delete()
    make_slots(service, TODAY, TODAY, NOW)
    assert times_on(TODAY) == everything


@pytest.mark.parametrize("state", ["released", "taken", "withheld", "in_draw"])
def test_slots_that_were_shown_stay_and_are_counted(service: Service, state: str) -> None:
    make_slots(service, TODAY, TODAY, NOW)
    shown = list(Slot.objects.order_by("local_time")[:2])
    if state == "withheld":
        Slot.objects.filter(pk__in=[slot.pk for slot in shown]).update(state=state, returned_at=NOW)
    else:
        release(shown, service, "released")
        if state != "released":
            Slot.objects.filter(pk__in=[slot.pk for slot in shown]).update(state=state)
    before = list(Slot.objects.filter(pk__in=[slot.pk for slot in shown]).order_by("pk").values())
    Closure.objects.create(post=service.post, first_day=TODAY, last_day=TODAY, reason="strike")
    preview = preview_slots(service.post, TODAY, TODAY, NOW)
    changes = make_slots(service, TODAY, TODAY, NOW)
    assert preview == changes
    assert (changes.removed, changes.in_the_way) == (4, {state: 2})
    assert list(Slot.objects.order_by("pk").values()) == before


def test_a_new_length_is_blocked_by_what_stays(service: Service) -> None:
    make_slots(service, TODAY, TODAY, NOW)
    release([Slot.objects.get(local_time=time(10))], service)
    service.duration_minutes = 45
    service.save()
    changes = make_slots(service, TODAY, TODAY, NOW)
    # 9:45 and 10:30 would run into the open slot of 10:00; only 9:45 does, because that one ends at 10:30.
    assert times_on(TODAY) == ["09:00", "10:00", "10:30", "11:15"]
    assert (changes.created, changes.removed, changes.blocked, changes.in_the_way) == (3, 5, 1, {"released": 1})


def test_a_counter_changes_hands_in_one_step(service: Service, counter: Counter, post: Post) -> None:
    other = new_service(post, "C-FAM", "family-visit")
    make_slots(service, TODAY, TODAY, NOW)
    OpeningHours.objects.update(service=other)
    assert preview_slots(post, TODAY, TODAY, NOW).created == 6
    changes = make_slots_of_post(post, TODAY, TODAY, NOW)
    assert (changes.created, changes.removed, changes.blocked) == (6, 6, 0)
    assert set(Slot.objects.values_list("service_id", flat=True)) == {other.pk}


def test_another_services_slots_are_left_alone(service: Service, post: Post) -> None:
    other = new_service(post, "C-FAM", "family-visit")
    open_counter(Counter.objects.create(post=post, number=2), other)
    make_slots_of_post(post, TODAY, TODAY, NOW)
    OpeningHours.objects.all().delete()
    assert make_slots(service, TODAY, TODAY, NOW).removed == 6
    assert Slot.objects.filter(service=other).count() == 6


def test_a_preview_writes_nothing(service: Service) -> None:
    assert preview_slots(service.post, TODAY, SUNDAY, NOW).created == 30
    assert not Slot.objects.exists()


def test_number_of_queries_does_not_grow_with_the_slots(service: Service, django_assert_num_queries: object) -> None:
    def queries(days: int) -> int:
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            make_slots(service, TODAY, TODAY + timedelta(days=days), NOW)
        return len(captured)

    assert queries(1) == queries(60)


def test_the_database_refuses_a_second_slot_at_the_counter(service: Service) -> None:
    make_slots(service, TODAY, TODAY, NOW)
    slot = Slot.objects.first()
    assert slot is not None
    slot.pk = None
    slot.starts_at += timedelta(minutes=15)
    slot.ends_at += timedelta(minutes=15)
    with pytest.raises(IntegrityError), transaction.atomic():
        slot.save(force_insert=True)


def _regenerate_at_once(service_id: int, count: int) -> list[BaseException]:
    errors: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        try:
            found = Service.objects.select_related("post").get(pk=service_id)
            barrier.wait(10)
            make_slots(found, TODAY, TODAY + timedelta(days=60), NOW)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test has to show it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


@pytest.mark.django_db(transaction=True)
def test_several_at_once_make_every_slot_once(service: Service) -> None:
    assert _regenerate_at_once(service.pk, 4) == []
    assert make_slots(service, TODAY, TODAY + timedelta(days=60), NOW).changes_anything is False
    moments = Slot.objects.values_list("counter", "starts_at")
    assert len(moments) == len(set(moments)) == 6 * 44
    assert sum(PoolDay.objects.values_list("count", flat=True)) == len(moments)


def _slow_and_quick(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """One regeneration reads the hours and dawdles; the hours change, and a second one is quick."""
    has_read, may_go_on, quick_done = threading.Event(), threading.Event(), threading.Event()
    load_plans = making.load_plans

    def dawdle(*args: object) -> object:
        plans = load_plans(*args)  # type: ignore[arg-type]
        if threading.current_thread().name == "slow":
            has_read.set()
            may_go_on.wait(20)
        return plans

    def run() -> None:
        try:
            make_slots(Service.objects.select_related("post").get(pk=service.pk), TODAY, TODAY, NOW)
            if threading.current_thread().name == "quick":
                quick_done.set()
        finally:
            connection.close()

    monkeypatch.setattr(making, "load_plans", dawdle)
    slow, quick = threading.Thread(target=run, name="slow"), threading.Thread(target=run, name="quick")
    slow.start()
    assert has_read.wait(20)
    OpeningHours.objects.update(opens=time(10))
    quick.start()
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0] or quick_done.is_set():
                break
        threading.Event().wait(0.02)
    may_go_on.set()
    slow.join(30)
    quick.join(30)
    assert not slow.is_alive()
    assert not quick.is_alive()


@pytest.mark.django_db(transaction=True)
def test_an_older_plan_never_wins(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    make_slots(service, TODAY, TODAY, NOW)
    _slow_and_quick(service, monkeypatch)
    assert times_on(TODAY) == ["10:00", "10:30", "11:00", "11:30"]


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_an_older_plan_wins(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_LOCK", "SELECT %s, %s")
    _slow_and_quick(service, monkeypatch)
    assert times_on(TODAY)[0] == "09:00", "the stale slots of the slow one are there: the lock is what prevents it"


@pytest.mark.django_db(transaction=True)
def test_a_slot_opened_meanwhile_is_not_removed(service: Service) -> None:
    """A release commits between the comparison and the removal: the row is asked again under its lock."""
    make_slots(service, TODAY, TODAY, NOW)
    Closure.objects.create(post=service.post, first_day=TODAY, last_day=TODAY, reason="strike")
    slot = Slot.objects.order_by("local_time")[0]
    results = []
    started = threading.Event()

    def regenerate() -> None:
        try:
            started.set()
            results.append(make_slots(Service.objects.get(pk=service.pk), TODAY, TODAY, NOW))
        finally:
            connection.close()

    thread = threading.Thread(target=regenerate)
    with transaction.atomic():
        release([slot], service)
        thread.start()
        started.wait(5)
        # The other transaction has compared (this release is not visible to it) and waits for this row.
        for _ in range(200):
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0]:
                    break
            threading.Event().wait(0.02)
        else:
            pytest.fail("the regeneration never waited for the release")
    thread.join(20)
    assert results[0].removed == 5
    assert list(Slot.objects.values_list("state", flat=True)) == ["released"]
