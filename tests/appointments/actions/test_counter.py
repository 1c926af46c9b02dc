"""At the counter: match, mismatch, late, nobody; taken back; and the end of a day."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from appointments.actions.counter import check_in, close_day
from appointments.actions.holds import hold
from appointments.models import Booking, Person, Place, Request
from appointments.queries.appointment import starts_at
from appointments.refusals import RefusedError
from tests.cast import ALICE, ALICE_MAIL, BOB, Scene, open_slots

Outcome = Place.Outcome


@pytest.fixture
def family(scene: Scene) -> Booking:
    """Alice and Bob have a confirmed booking (their service is free of charge)."""
    scene.first_come.service_fee_cents = 0
    scene.first_come.save()
    slot = open_slots(scene.first_come, 2)[0]
    return hold(
        service=scene.first_come,
        slot_id=slot.pk,
        people=[ALICE, BOB],
        contact=ALICE_MAIL,
        language="fr",
        now=timezone.now(),
    )


def record(booking: Booking, *outcomes: str, at: datetime | None = None) -> str:
    """Record an outcome for each person in turn; the booking's state afterwards."""
    at = at or starts_at(booking)
    for place, outcome in zip(booking.places.order_by("pk"), outcomes, strict=True):
        check_in(place=place, outcome=outcome, by="agent", now=at)
    booking.refresh_from_db()
    return booking.state


def test_a_free_service_is_confirmed_at_once(family: Booking) -> None:
    assert family.state == Booking.State.CONFIRMED


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ((Outcome.MATCH, Outcome.MATCH), Booking.State.ATTENDED),
        ((Outcome.LATE, Outcome.NO_SHOW), Booking.State.ATTENDED),
        ((Outcome.EXPECTED, Outcome.NO_SHOW), Booking.State.CONFIRMED),
        ((Outcome.MISMATCH, Outcome.NO_SHOW), Booking.State.NO_SHOW),
        ((Outcome.NO_SHOW, Outcome.NO_SHOW), Booking.State.NO_SHOW),
    ],
)
def test_the_booking_follows_from_its_people(family: Booking, outcomes: tuple[str, str], state: str) -> None:
    assert record(family, *outcomes) == state


def test_a_wrong_key_is_taken_back(family: Booking) -> None:
    record(family, Outcome.NO_SHOW, Outcome.NO_SHOW)
    assert record(family, Outcome.EXPECTED, Outcome.EXPECTED) == Booking.State.CONFIRMED
    assert family.finished_at is None


def test_nobody_is_checked_in_days_before(family: Booking) -> None:
    with pytest.raises(RefusedError):
        record(family, Outcome.MATCH, Outcome.MATCH, at=starts_at(family) - timedelta(days=1))


def test_after_the_day_the_passports_are_free_again(family: Booking) -> None:
    record(family, Outcome.MATCH, Outcome.MATCH)
    close_day(starts_at(family) + timedelta(days=4))
    assert Request.objects.get().ended_reason == Request.Ended.ATTENDED
    assert not Person.objects.filter(living=True).exists()


def test_silence_at_the_counter_counts_as_no_show(family: Booking) -> None:
    assert close_day(starts_at(family) + timedelta(days=4)) == 1
    assert Request.objects.get().ended_reason == Request.Ended.NO_SHOW
