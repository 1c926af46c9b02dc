"""Rows of the other applications go by the same machinery."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from appointments.models import Booking, CoolingOff, Person, Place, Request, Slot
from archives.erasure.run import run_erasure
from archives.models import DataRequest, ErasureEntry, ImportBatch, ImportRow
from mailroom.models import Letter
from tests.archives.makers import NOW
from tests.cast import ALICE, ALICE_MAIL, BOB, any_day, make_scene, open_slots

pytestmark = pytest.mark.django_db


def test_letters_imports_and_answers_have_their_clocks():
    letter = Letter.objects.create(kind="k", subject_key="x", state="sent", not_before=NOW, created_at=NOW, finished_at=NOW)
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
    assert set(ErasureEntry.objects.values_list("what", flat=True)) == {"rows:imports", "rows:letters", "rows:data_requests"}
