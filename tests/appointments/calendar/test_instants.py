"""A government changes its clocks: local times stay, instants follow."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import F

from appointments.calendar.instants import recompute_instants
from appointments.calendar.making import make_slots
from appointments.models import Post, Service, Slot

BEFORE = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def casablanca(service: Service) -> Service:
    """Slots of October 2026 as they were derived while Morocco was still expected to be at UTC+1."""
    Post.objects.update(timezone="Africa/Casablanca")
    service.refresh_from_db()
    make_slots(service, date(2026, 10, 4), date(2026, 10, 8), BEFORE)
    assert Slot.objects.count() == 30
    # Back to back slots: the way back, by the same detour, so that the constraint does not stand in the way here.
    for step in (timedelta(days=40000), -timedelta(days=40000) - HOUR):
        Slot.objects.update(starts_at=F("starts_at") + step, ends_at=F("ends_at") + step)
    return service


def test_local_times_stay_and_instants_move(casablanca: Service) -> None:
    promised = list(Slot.objects.order_by("pk").values_list("local_day", "local_time", "state", "counter"))
    assert Slot.objects.earliest("starts_at").starts_at == datetime(2026, 10, 4, 8, tzinfo=UTC)
    Slot.objects.filter(local_time=time(9)).update(state=Slot.State.WITHHELD, returned_at=BEFORE)
    changes = recompute_instants(BEFORE)
    assert (changes.moved, changes.in_a_gap, changes.failed) == (30, 0, [])
    assert Slot.objects.earliest("starts_at").starts_at == datetime(2026, 10, 4, 9, tzinfo=UTC)
    assert {slot.ends_at - slot.starts_at for slot in Slot.objects.all()} == {timedelta(minutes=30)}
    after = list(Slot.objects.order_by("pk").values_list("local_day", "local_time", "state", "counter"))
    assert [row[:2] for row in after] == [row[:2] for row in promised]
    assert recompute_instants(BEFORE).moved == 0
    assert not make_slots(casablanca, date(2026, 10, 4), date(2026, 10, 8), BEFORE).changes_anything


def test_without_the_detour_neighbours_would_collide(casablanca: Service) -> None:
    halfway = timedelta(minutes=15)
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.update(starts_at=F("starts_at") + halfway, ends_at=F("ends_at") + halfway)


def test_history_stays(casablanca: Service) -> None:
    assert recompute_instants(datetime(2027, 1, 1, tzinfo=UTC)).moved == 0


def test_a_slot_in_a_gap_is_reported(service: Service) -> None:
    Post.objects.update(timezone="Europe/London")
    make_slots(service, date(2027, 3, 28), date(2027, 3, 28), BEFORE)
    slot = Slot.objects.earliest("starts_at")
    Slot.objects.filter(pk=slot.pk).update(local_time=time(1, 30))
    changes = recompute_instants(BEFORE)
    assert (changes.moved, changes.in_a_gap) == (1, 1)
    slot.refresh_from_db()
    assert slot.starts_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_posts_that_would_collide_are_named_and_left_alone(service: Service) -> None:
    Post.objects.update(timezone="Europe/London")
    make_slots(service, date(2027, 3, 28), date(2027, 3, 28), BEFORE)
    first, second = Slot.objects.order_by("starts_at")[:2]
    # 01:30 does not exist on that day and stands for 02:30, where the next slot is.
    Slot.objects.filter(pk=first.pk).update(local_time=time(1, 30))
    Slot.objects.filter(pk=second.pk).update(local_time=time(2, 30))
    before = list(Slot.objects.order_by("pk").values_list("starts_at", flat=True))
    assert recompute_instants(BEFORE).failed == ["dz-alg"]
    assert list(Slot.objects.order_by("pk").values_list("starts_at", flat=True)) == before
    with pytest.raises(CommandError, match="dz-alg"):
        call_command("recompute_instants")
