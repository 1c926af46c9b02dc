"""Who pays at once gets one letter, the confirmation; who does not is reminded while there is time."""

from datetime import timedelta

from django.utils import timezone

from appointments.actions.holds import REMIND_AFTER, hold, remind_of_holds
from appointments.models import Booking
from mailroom.models import Letter
from mailroom.renderers import render
from tests.cast import ALICE, ALICE_MAIL, Scene, open_slots


def _held(scene: Scene) -> Booking:
    slot = open_slots(scene.first_come, 1)[0]
    return hold(
        service=scene.first_come, slot_id=slot.pk, people=[ALICE], contact=ALICE_MAIL, language="en",
        now=timezone.now(),
    )  # fmt: skip


def test_a_hold_writes_no_letter_and_a_reminder_comes_once(scene: Scene) -> None:
    booking = _held(scene)
    assert not Letter.objects.exists()
    early, late = (booking.created_at + REMIND_AFTER + timedelta(seconds=shift) for shift in (-1, 1))
    assert [remind_of_holds(moment) for moment in (early, late, late + timedelta(minutes=1))] == [0, 1, 0]
    envelope = render("hold_placed", Letter.objects.get().subject_key, None)
    assert envelope is not None
    assert envelope.to == ALICE_MAIL


def test_nobody_is_reminded_of_what_is_paid_or_over(scene: Scene) -> None:
    booking = _held(scene)
    assert remind_of_holds(booking.hold_until) == 0
    Booking.objects.update(state=Booking.State.CONFIRMED, paid_at=timezone.now())
    assert remind_of_holds(booking.created_at + REMIND_AFTER) == 0
