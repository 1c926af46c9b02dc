"""What the database keeps fixed, whoever writes: staff, code, or a query by hand."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from appointments.actions.corrections import correct
from appointments.actions.holds import hold
from appointments.actions.requests import enter_request
from appointments.domain import transitions
from appointments.models import (
    Booking,
    Closure,
    CoolingOff,
    Correction,
    Counter,
    OpeningHours,
    Person,
    Place,
    Request,
    Slot,
)
from appointments.refusals import Reason, RefusedError
from tests.cast import ALICE, ALICE_MAIL, BOB, CHARLIE, Scene, any_day, make_post, open_slots


@pytest.fixture
def booking(scene: Scene) -> Booking:
    """Alice holds a slot."""
    slot = open_slots(scene.first_come, 2)[0]
    return hold(
        service=scene.first_come,
        slot_id=slot.pk,
        people=[ALICE],
        contact=ALICE_MAIL,
        language="fr",
        now=timezone.now(),
    )


def _refused(query: str, *arguments: Any) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    "column", ["family_name", "given_names", "birth_date", "passport_number", "nationality", "identity_index"]
)
def test_a_person_cannot_be_rewritten(booking: Booking, column: str) -> None:
    assert "person_is_fixed" in _refused(f"UPDATE appointments_person SET {column} = 'x'")


def test_a_person_cannot_come_back_to_life(booking: Booking) -> None:
    Person.objects.update(living=False)
    assert "person_does_not_return" in _refused("UPDATE appointments_person SET living = TRUE")


def test_a_living_person_cannot_be_deleted(booking: Booking) -> None:
    assert "person_is_living" in _refused("DELETE FROM appointments_person")


def test_a_booking_cannot_move_to_another_slot(booking: Booking) -> None:
    other = Slot.objects.get(state=Slot.State.RELEASED)
    assert "place_is_fixed" in _refused("UPDATE appointments_place SET slot_id = %s", other.pk)


def test_a_taken_slot_cannot_move_in_time(booking: Booking) -> None:
    assert "slot_is_fixed" in _refused("UPDATE appointments_slot SET local_time = '17:00' WHERE state = 'taken'")


@pytest.mark.parametrize("change", ["amount_cents = 1", "local_day = local_day + 1", "request_id = request_id + 1"])
def test_what_a_booking_says_is_fixed(booking: Booking, change: str) -> None:
    assert "booking_is_fixed" in _refused(f"UPDATE appointments_booking SET {change}")


def test_nobody_is_confirmed_without_paying(booking: Booking) -> None:
    assert "booking_confirmed_is_paid" in _refused("UPDATE appointments_booking SET state = 'confirmed'")


def test_a_place_cannot_be_given_to_a_stranger(booking: Booking, scene: Scene) -> None:
    stranger = enter_request(
        service=scene.drawn,
        people=[CHARLIE],
        wishes=any_day(),
        contact="c@example.org",
        language="fr",
        now=timezone.now(),
    ).people.get()
    slot = Slot.objects.get(state=Slot.State.RELEASED)
    with pytest.raises(IntegrityError, match="place_of_a_stranger"), transaction.atomic():
        Place.objects.create(booking=booking, slot=slot, person=stranger)


@pytest.mark.parametrize("table", ["request", "booking"])
def test_the_database_knows_the_same_transitions_as_the_table_in_python(
    booking: Booking, scene: Scene, table: str
) -> None:
    rules = transitions.REQUEST if table == "request" else transitions.BOOKING
    extra = {
        "request": "ended_at = CASE WHEN %(to)s = 'ended' THEN now() END,"
        "ended_reason = CASE WHEN %(to)s = 'ended' THEN 'cancelled' ELSE '' END",
        "booking": "paid_at = now(), finished_at = CASE WHEN %(to)s IN ('held', 'confirmed') THEN NULL ELSE now() END",
    }[table]
    for before, allowed in rules.items():
        for after in set(rules) - {before}:
            with transaction.atomic(), connection.cursor() as cursor:
                # Put the row into the state `before` past the triggers, then try the step with them.
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(
                    f"UPDATE appointments_{table} SET state = %(to)s, {extra} WHERE id = %(id)s",
                    {"to": before, "id": booking.request_id if table == "request" else booking.pk},
                )
                cursor.execute("SET LOCAL session_replication_role = origin")
                try:
                    with transaction.atomic():
                        cursor.execute(
                            f"UPDATE appointments_{table} SET state = %(to)s, {extra} WHERE id = %(id)s",
                            {"to": after, "id": booking.request_id if table == "request" else booking.pk},
                        )
                    done = True
                except (IntegrityError, InternalError):
                    done = False
                assert done == (after in allowed), (before, after)
                transaction.set_rollback(True)


def test_a_small_correction_with_a_reason_is_possible_and_kept(booking: Booking) -> None:
    person = Person.objects.get()
    correct(person=person, field="family_name", text="BENALLI", reason="typing", by="officer", now=timezone.now())
    assert Person.objects.get().family_name == "BENALLI"
    assert (Correction.objects.get().field, Correction.objects.get().distance) == ("family_name", 1)


@pytest.mark.parametrize(("field", "text"), [("family_name", "MEZIANE"), ("passport_number", "XY9999999")])
def test_another_person_is_no_correction(booking: Booking, field: str, text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        correct(person=Person.objects.get(), field=field, text=text, reason="x", by="officer", now=timezone.now())
    assert caught.value.reason == Reason.TOO_DIFFERENT


def test_a_corrected_passport_may_not_become_somebody_elses(booking: Booking, scene: Scene) -> None:
    slot = Slot.objects.get(state=Slot.State.RELEASED)
    neighbour = BOB.__class__(**{**BOB.__dict__, "passport_number": "AB1234568"})
    hold(
        service=scene.first_come,
        slot_id=slot.pk,
        people=[neighbour],
        contact="b@example.org",
        language="fr",
        now=timezone.now(),
    )
    person = Person.objects.get(request=booking.request)
    with pytest.raises(RefusedError) as caught:
        correct(person=person, field="passport_number", text="AB1234568", reason="x", by="officer", now=timezone.now())
    assert caught.value.reason == Reason.IDENTITY_LIVING
    person.refresh_from_db()
    assert person.passport_number == "AB1234567"


def test_cooling_off_is_kept_by_the_database(scene: Scene, booking: Booking) -> None:
    person = Person.objects.get()
    CoolingOff.objects.create(
        identity_scope="DZ:visa",
        identity_index=person.identity_index,
        until=timezone.now() + timedelta(days=1),
        reason=Request.Ended.CANCELLED,
    )
    message = _refused(
        """INSERT INTO appointments_person (request_id, position, family_name, given_names, birth_date, nationality,
               passport_country, passport_number, france_visas, identity_scope, identity_index, living)
           SELECT request_id, 9, family_name, given_names, birth_date, nationality, passport_country, passport_number,
                  france_visas, 'DZ:visa', identity_index, TRUE FROM appointments_person"""
    )
    assert "person_cooling_off" in message


def test_overlapping_slots_at_one_counter_are_refused(scene: Scene, booking: Booking) -> None:
    slot = Slot.objects.get(state=Slot.State.TAKEN)
    with pytest.raises(IntegrityError, match="slot_one_at_a_counter"), transaction.atomic():
        Slot.objects.create(
            service=scene.drawn,
            counter=slot.counter,
            local_day=slot.local_day,
            local_time=time(9, 10),
            starts_at=slot.starts_at + timedelta(minutes=10),
            ends_at=slot.ends_at + timedelta(minutes=10),
        )


def test_a_policy_is_never_rewritten(scene: Scene) -> None:
    with pytest.raises(InternalError), transaction.atomic():
        scene.drawn.policies.update(slots_per_day=1)


def test_hours_never_join_a_counter_of_one_post_to_a_service_of_another(scene: Scene) -> None:
    elsewhere = Counter.objects.create(post=make_post("dz-orn"), number=1)
    with pytest.raises(IntegrityError, match="hours_of_two_posts"), transaction.atomic():
        OpeningHours.objects.create(
            counter=elsewhere,
            service=scene.drawn,
            weekday=0,
            opens=time(9),
            closes=time(12),
            first_day=timezone.now().date(),
        )
    today = timezone.now().date()
    with pytest.raises(IntegrityError, match="closure_of_two_posts"), transaction.atomic():
        Closure.objects.create(post=scene.post, counter=elsewhere, first_day=today, last_day=today, reason="x")
