"""Rows of the other applications go by the same machinery."""

# ruff: noqa: E501 - a case is a line

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from appointments.actions.counter import check_in, close_day
from appointments.actions.holds import hold
from appointments.models import Booking, Person, Place, Request, Slot
from appointments.queries.appointment import starts_at
from archives.erasure.run import run_erasure
from archives.models import DataRequest, ErasureEntry, ImportBatch, ImportRow
from mailroom.models import Letter
from tests.archives.makers import NOW
from tests.cast import ALICE, ALICE_MAIL, BOB, make_scene, open_slots

pytestmark = pytest.mark.django_db


def test_letters_imports_and_answers_have_their_clocks():
    letter = Letter.objects.create(
        kind="k", subject_key="x", state="sent", not_before=NOW, created_at=NOW, finished_at=NOW
    )
    batch = ImportBatch.objects.create(post_key="dz-alg", made_at=NOW)
    ImportRow.objects.create(batch=batch, line=2, content={"family_name": "Benali"}, outcome="refused")
    DataRequest.objects.create(
        kind="erasure", contact="a@example.org", contact_index=b"x", text="t", language="fr", made_at=NOW, answered_at=NOW, answer="a"
    )  # fmt: skip
    run_erasure(NOW + timedelta(days=6))
    assert ImportRow.objects.exists()
    run_erasure(NOW + timedelta(days=7))
    assert not ImportRow.objects.exists()
    assert Letter.objects.get() == letter
    run_erasure(NOW + timedelta(days=30))
    assert not Letter.objects.exists()
    run_erasure(NOW + timedelta(days=364))
    assert DataRequest.objects.exists()
    run_erasure(NOW + timedelta(days=365))
    assert not DataRequest.objects.exists()
    assert set(ErasureEntry.objects.values_list("what", flat=True)) == {
        "rows:imports",
        "rows:letters",
        "rows:data_requests",
    }


def test_people_of_an_appointment_go_six_months_after_it():
    scene = make_scene()
    scene.first_come.service_fee_cents = 0
    scene.first_come.save()
    slots = open_slots(scene.first_come, 3)
    now = timezone.now()
    booking = hold(
        service=scene.first_come, slot_id=slots[0].pk, people=[ALICE, BOB], contact=ALICE_MAIL, language="fr", now=now
    )
    came = starts_at(booking)
    for place in booking.places.all():
        check_in(place=place, outcome=Place.Outcome.MATCH, by="agent", now=came)
    ended = came + timedelta(days=4)
    close_day(ended)
    assert Request.objects.get().state == "ended"
    run_erasure(ended + timedelta(days=179))
    assert Person.objects.count() == 2
    run_erasure(ended + timedelta(days=180))
    assert not Person.objects.exists()
    assert not Request.objects.exists()
    assert not Booking.objects.exists()
    assert Slot.objects.count() == 1
    call_command("check_integrity", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM appointments_bookingevent) + (SELECT count(*) FROM appointments_requestevent)"
        )
        assert cursor.fetchone() == (0,)


def test_a_living_request_stays_however_old():
    scene = make_scene()
    slots = open_slots(scene.first_come, 1)
    hold(
        service=scene.first_come,
        slot_id=slots[0].pk,
        people=[ALICE],
        contact=ALICE_MAIL,
        language="fr",
        now=timezone.now(),
    )
    run_erasure(timezone.now() + timedelta(days=900))
    assert Person.objects.exists()
