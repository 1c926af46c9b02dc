"""The preview of terms: the last weeks played again with other values."""

from __future__ import annotations

from datetime import datetime, timedelta

import pgtrigger
import pytest
from django.db.models import F
from django.utils import timezone, translation

from appointments.actions.cancellations import cancel
from appointments.domain.terms import GivenBack, Offer, Terms, as_it_was, replayed
from appointments.models import Booking, CoolingOff, Request, Service
from appointments.terms.traffic import preview
from appointments.terms.versions import values_of
from tests.appointments.staff.scenes import book
from tests.cast import Scene, make_slots, person

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PAID_LATE = Offer(False, 1, 15 * MINUTE, paid_after=12 * MINUTE, ended_after=None)
NEVER_PAID = Offer(False, 4, 15 * MINUTE, paid_after=None, ended_after=15 * MINUTE)
GIVEN_UP = Offer(False, 1, 15 * MINUTE, paid_after=None, ended_after=6 * MINUTE)
WON = Offer(True, 1, 72 * HOUR, paid_after=30 * HOUR, ended_after=None)


def terms(hours: int = 72, minutes: int = 15, refund: int | None = 48) -> Terms:
    return Terms(hours, minutes, refund)


def test_the_same_terms_change_nothing() -> None:
    offers, cancelled = [PAID_LATE, NEVER_PAID, GIVEN_UP, WON], [GivenBack(50 * HOUR, refunded=True)]
    assert as_it_was(offers, cancelled) == replayed(terms(), offers, cancelled)


def test_a_shorter_hold_loses_whoever_paid_later_and_keeps_places_less_long() -> None:
    told = replayed(terms(minutes=10), [PAID_LATE, NEVER_PAID, GIVEN_UP], [])
    assert (told.holds_lost, told.wins_lost) == (2, 0)
    assert told.idle_hours == pytest.approx((10 + 4 * 10 + 6) / 60)
    assert as_it_was([PAID_LATE, NEVER_PAID, GIVEN_UP], []).idle_hours == pytest.approx((4 * 15 + 6) / 60)


def test_whoever_won_has_hours_and_not_minutes() -> None:
    assert replayed(terms(hours=24), [WON], []).wins_lost == 1
    assert replayed(terms(hours=30), [WON], []).wins_lost == 0


@pytest.mark.parametrize(("hours", "back"), [(None, 0), (72, 1), (48, 2), (0, 3)])
def test_money_goes_back_by_the_hours_before(hours: int | None, back: int) -> None:
    cancelled = [GivenBack(before * HOUR, refunded=True) for before in (1, 48, 80)]
    assert replayed(terms(refund=hours), [], cancelled).refunded == back


def test_money_that_came_after_the_deadline_and_was_taken_is_not_lost() -> None:
    late = Offer(False, 1, 15 * MINUTE, paid_after=16 * MINUTE, ended_after=None)
    assert as_it_was([late], []).holds_lost == 0


def told(service: Service, **changes: object) -> dict[str, tuple[tuple[int, int], tuple[int, int]]]:
    """The lines of a preview by their English words."""
    with translation.override("en"):
        lines = preview(service, values_of(service) | changes, timezone.now())
        return {str(line.words): (line.week, line.month) for line in lines if line.differs}


def booked(scene: Scene, number: int, *, ago: timedelta, paid_after: timedelta) -> Booking:
    """Somebody chose a time so long ago and paid so long after."""
    day = (timezone.now() + timedelta(days=10 + Booking.objects.count())).date()
    booking = book(
        scene.first_come, make_slots(scene.first_come, 1, day=day), [person(number)], contact=f"{number}@example.org"
    )
    return _moved(booking, timezone.now() - ago, paid_after)


def _moved(booking: Booking, made: datetime, paid_after: timedelta) -> Booking:
    with pgtrigger.ignore("appointments.Booking:booking_transitions"):  # when it was made is fixed otherwise
        Booking.objects.filter(pk=booking.pk).update(
            created_at=made, hold_until=made + 15 * MINUTE, paid_at=made + paid_after
        )
    booking.refresh_from_db()
    return booking


@pytest.mark.django_db
def test_nothing_differs_with_the_values_in_force(scene: Scene) -> None:
    booked(scene, 1, ago=2 * 24 * HOUR, paid_after=12 * MINUTE)
    assert told(scene.first_come) == {}


@pytest.mark.django_db
def test_the_last_weeks_are_played_again(scene: Scene) -> None:
    booked(scene, 1, ago=2 * 24 * HOUR, paid_after=12 * MINUTE)
    booked(scene, 2, ago=20 * 24 * HOUR, paid_after=11 * MINUTE)
    booked(scene, 3, ago=40 * 24 * HOUR, paid_after=11 * MINUTE)
    booked(scene, 4, ago=3 * 24 * HOUR, paid_after=MINUTE)
    found = told(scene.first_come, hold_minutes=10)
    assert found["chosen times lost because they were not paid within the minutes of a hold"] == ((0, 1), (0, 2))


@pytest.mark.django_db
def test_money_pauses_and_families_are_counted(scene: Scene) -> None:
    first = booked(scene, 1, ago=24 * HOUR, paid_after=MINUTE)
    cancel(booking=first, by="applicant", now=timezone.now())
    Request.objects.filter(pk=first.request_id).update(ended_at=F("ended_at") - timedelta(days=12))
    CoolingOff.objects.all().delete()
    booked(scene, 1, ago=HOUR, paid_after=MINUTE)  # the same person again, nine days after
    assert told(scene.first_come, refund_hours_before=None) == {
        "cancelled appointments whose service fee is paid back": ((1, 0), (1, 0))
    }
    again = told(scene.first_come, cooling_off_days=14)
    assert [pair for pair, _month in again.values()] == [(0, 1)]
    assert told(scene.first_come, cooling_off_days=5) == {}
    assert told(scene.first_come, asks_france_visas=True) == {
        "people asked for their France-Visas number": ((0, 2), (0, 2))
    }
