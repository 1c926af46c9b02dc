"""One slot, one booking; one passport, one living request: with real processes, and controls without the lock."""

import time
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from appointments.actions.holds import hold
from appointments.actions.requests import enter_request
from appointments.domain.people import PersonData
from appointments.models import Booking, Person, Place, Release, Request, Slot
from appointments.refusals import RefusedError
from tests.cast import ALICE, BOB, any_day, make_scene, open_slots, person
from tests.concurrency.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault_keys"])
CROWD = 16


def _hold(argument: tuple[Any, int, list[PersonData]]) -> str:
    service, slot_id, people = argument
    try:
        hold(
            service=service,
            slot_id=slot_id,
            people=people,
            contact=f"{people[0].passport_number}@example.org",
            language="fr",
            now=timezone.now(),
        )
    except RefusedError as refusal:
        return refusal.reason.value
    return "held"


def test_one_slot_goes_to_one_of_many() -> None:
    scene = make_scene()
    slot = open_slots(scene.first_come, 1)[0]
    results = at_once(_hold, [(scene.first_come, slot.pk, [person(n)]) for n in range(CROWD)])
    assert results.count("held") == 1
    assert results.count("slot_gone") == CROWD - 1
    call_command("check_integrity")


def test_places_at_one_time_go_to_as_many_people_as_there_are_counters() -> None:
    scene = make_scene()
    slots = open_slots(scene.first_come, 5, counters=5)
    results = at_once(_hold, [(scene.first_come, slots[0].pk, [person(n)]) for n in range(CROWD)])
    assert results.count("held") == 5
    assert Place.objects.filter(living=True).count() == 5
    call_command("check_integrity")


def test_families_and_singles_share_what_is_there_without_halves() -> None:
    scene = make_scene()
    slots = open_slots(scene.first_come, 6)
    groups = [[person(10 * n), person(10 * n + 1)] if n % 2 else [person(10 * n)] for n in range(CROWD)]
    at_once(_hold, [(scene.first_come, slots[n % 6].pk, group) for n, group in enumerate(groups)])
    for booking in Booking.objects.all():
        assert booking.places.count() == booking.request.size
    call_command("check_integrity")


def test_one_passport_has_one_living_request_whatever_it_tries() -> None:
    scene = make_scene()
    slots = open_slots(scene.first_come, CROWD)
    results = at_once(_hold, [(scene.first_come, slot.pk, [ALICE]) for slot in slots])
    assert results.count("held") == 1
    assert results.count("identity_living") == CROWD - 1
    assert Person.objects.filter(living=True).count() == 1
    assert Slot.objects.filter(state=Slot.State.TAKEN).count() == 1
    call_command("check_integrity")


def _enter(argument: tuple[Any, list[PersonData]]) -> str:
    service, people = argument
    try:
        enter_request(
            service=service,
            people=people,
            wishes=any_day(),
            contact=f"{people[0].passport_number}@example.org",
            language="ar",
            now=timezone.now(),
        )
    except RefusedError as refusal:
        return refusal.reason.value
    return "entered"


def test_two_families_naming_the_same_people_in_other_order_do_not_lock_each_other_out() -> None:
    scene = make_scene()
    results = at_once(_enter, [(scene.drawn, [ALICE, BOB] if n % 2 else [BOB, ALICE]) for n in range(CROWD)])
    assert results.count("entered") == 1
    assert results.count("identity_living") == CROWD - 1


def _check_then_save(argument: tuple[int, int]) -> str:
    """The control: the booking of the textbook, which looks first and writes later, on a table without our rules."""
    slot_id, who = argument
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT taken_by FROM naive_slot WHERE id = %s", [slot_id])
        if cursor.fetchone()[0] is not None:
            return "gone"
        time.sleep(0.05)
        cursor.execute("UPDATE naive_slot SET taken_by = %s WHERE id = %s", [who, slot_id])
        cursor.execute("INSERT INTO naive_booking (slot_id, who) VALUES (%s, %s)", [slot_id, who])
    return "held"


def test_control_without_lock_and_constraint_the_same_crowd_books_twice() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE naive_slot (id int PRIMARY KEY, taken_by int)")
        cursor.execute("CREATE TABLE naive_booking (slot_id int, who int)")
        cursor.execute("INSERT INTO naive_slot VALUES (1, NULL)")
    try:
        results = at_once(_check_then_save, [(1, n) for n in range(CROWD)])
        assert results.count("held") > 1, "the race must exist, or the tests above prove nothing"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE naive_slot, naive_booking")


def test_a_drawn_slot_cannot_be_taken_first_come() -> None:
    scene = make_scene()
    slot = open_slots(scene.first_come, 1)[0]
    Slot.objects.filter(pk=slot.pk).update(state=Slot.State.POOLED, release=None)
    assert _hold((scene.first_come, slot.pk, [ALICE])) == "slot_gone"
    assert not Request.objects.exists()
    assert Release.objects.count() == 1
