"""Erasure: on the day, everything, once, with proof."""

import base64
import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from archives import integrity, tasks
from archives.actions.documents import BeforeFloorError, add_document, delete_document, read_document
from archives.actions.links import lift_hold, link_earlier, link_group, set_hold
from archives.actions.record_event import record_event
from archives.dating import events_of
from archives.domain.retention import Event, EventType
from archives.erasure.journal import broken_lines
from archives.erasure.residue import ResidueFoundError
from archives.erasure.run import run_erasure, stale_files
from archives.erasure.weekly import LeftBehindError, full_scan
from archives.models import (
    Doomed,
    ErasureEntry,
    ErasureRun,
    FileDocument,
    FileEvent,
    FileKey,
    FileLink,
    ProcessingRecord,
    RestrictedCopy,
    SealedPart,
    VisaFile,
)
from archives.sealing import holder_of
from mailroom.models import Letter
from tests.archives.makers import DUE, LAST_DAY, NOW, TODAY, file_of, issued, refused
from vault.cipher import UnreadableError

pytestmark = pytest.mark.django_db


def test_the_file_goes_on_its_day_and_not_a_day_earlier():
    due, standing = file_of(1, refused(DUE)), file_of(2, refused(LAST_DAY))
    assert due.gone_from == TODAY
    assert standing.gone_from == TODAY + timedelta(days=1)
    run_erasure(NOW - timedelta(hours=1))  # 23:30 on the last day
    assert VisaFile.objects.count() == 2
    run = run_erasure(NOW)
    assert list(VisaFile.objects.all()) == [standing]
    assert run.erased_files == 1
    assert list(integrity.violations(NOW)) == []


def test_everything_of_the_file_goes(settings):
    file = file_of(1, refused(DUE), parts={"refusal_data_art12": {"grounds": ["3"]}})
    other = file_of(2)
    link_group([file.pk, other.pk])
    document = add_document(file, "form", "application/pdf", b"%PDF form of Alice", NOW)
    assert read_document(document) == b"%PDF form of Alice"
    run_erasure(NOW)
    for model in (FileEvent, FileDocument, SealedPart):
        assert not model.objects.filter(file_id=file.pk).exists()
    assert not FileLink.objects.exists()
    assert not FileKey.objects.filter(ref=file.pk).exists()
    assert FileKey.objects.filter(ref=other.pk).exists()
    assert not default_storage.exists(document.blob)
    assert not Doomed.objects.exists()
    assert holder_of(other).family_name == "BENALI"


def test_the_stored_document_is_not_readable():
    document = add_document(file_of(1), "form", "application/pdf", b"%PDF form of Alice", NOW)
    with default_storage.open(document.blob) as stream:
        stored = stream.read()
    assert b"Alice" not in stored
    assert b"PDF" not in stored


def test_the_journal_says_what_and_why_and_never_who():
    file = file_of(1, refused(DUE))
    file_of(2, issued(DUE - timedelta(days=60), DUE))
    run = run_erasure(NOW)
    lines = list(ErasureEntry.objects.filter(run=run, what="visa_files").order_by("number"))
    assert [(e.profile, e.basis, e.rows, e.first_day) for e in lines] == [
        ("VIS", "23(1)(a)", 1, TODAY),
        ("VIS", "23(1)(d)", 1, TODAY),
    ]
    assert broken_lines(run) == []
    said = json.dumps([[e.what, e.profile, e.basis, e.counts] for e in lines])
    for secret in (str(file.pk), "BENALI", "AB0000001", "DZALG", "alice"):
        assert secret not in said


def test_the_journal_cannot_be_changed_and_a_forgery_shows():
    file_of(1, refused(DUE))
    run = run_erasure(NOW)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ErasureEntry.objects.update(rows=0)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ErasureEntry.objects.all().delete()
    with connection.cursor() as cursor:  # somebody with the owner's rights
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE archives_erasureentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE archives_erasureentry SET rows = 7 WHERE run_id = %s", [run.pk])
    assert broken_lines(run)


@pytest.mark.parametrize("model", [FileEvent, ProcessingRecord])
def test_history_is_append_only(model):
    file_of(1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.all()._raw_delete("default")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(id=999)


def test_links_go_with_the_first_file_and_the_other_stays():
    """Family group: A refused, B issued."""
    a, b = file_of(1, refused(DUE)), file_of(2, issued(DUE, DUE + timedelta(days=90)))
    link_group([a.pk, b.pk])
    run_erasure(NOW)
    assert list(VisaFile.objects.all()) == [b]
    assert not FileLink.objects.exists()


def test_nationality_takes_all_files_of_the_person_the_same_night():
    first, second, companion = file_of(1), file_of(2, passport_number="AB9999999"), file_of(3)
    same_passport = file_of(4, passport_number="AB0000001")
    link_earlier(first.pk, second.pk)
    link_group([second.pk, companion.pk])
    yesterday = TODAY - timedelta(days=1)
    record_event(second.pk, Event(EventType.NATIONALITY_ACQUIRED_NOTIFIED, yesterday), NOW - timedelta(days=1))
    run = run_erasure(NOW)
    assert list(VisaFile.objects.all()) == [companion]
    assert run.erased_files == 3
    assert not VisaFile.objects.filter(pk=same_passport.pk).exists()
    assert set(ErasureEntry.objects.filter(what="visa_files").values_list("basis", flat=True)) == {"25(1)"}


def test_data_of_an_annulled_refusal_go_and_the_file_stays():
    """Art. 25(3)."""
    ruling = TODAY - timedelta(days=1)
    file = file_of(1, refused(TODAY - timedelta(days=400)), parts={"refusal_data_art12": {"grounds": ["3"]}})
    record_event(file.pk, Event(EventType.REFUSAL_ANNULLED_FINAL, ruling), NOW - timedelta(days=1))
    issue = Event(EventType.ISSUED, ruling, ruling, TODAY + timedelta(days=80), "C")
    file = record_event(file.pk, issue, NOW)
    run_erasure(NOW)
    assert not SealedPart.objects.exists()
    assert not FileKey.objects.filter(part=FileKey.Part.REFUSAL).exists()
    assert [event.type for event in events_of([file.pk])[file.pk]] == [EventType.FILE_CREATED, EventType.ISSUED]
    assert holder_of(file).family_name == "BENALI"
    assert list(integrity.violations(NOW)) == []


def test_fingerprints_go_a_month_after_the_decision():
    day = date(2026, 10, 22)
    file = file_of(1, refused(day), profile="CESEDA_R142_64", parts={"fingerprints": {"template": "x"}})
    run_erasure(NOW - timedelta(days=1))
    assert SealedPart.objects.exists()
    run_erasure(NOW)
    assert not SealedPart.objects.exists()
    assert VisaFile.objects.get().pk == file.pk
    assert set(FileKey.objects.values_list("part", flat=True)) == {FileKey.Part.FILE}


def test_a_hold_keeps_a_restricted_copy_and_not_the_file():
    file = file_of(1, refused(DUE))
    set_hold(file.pk, "GDPR 17(3)(e)", TODAY + timedelta(days=30), TODAY - timedelta(days=5), NOW)
    run_erasure(NOW)
    assert not VisaFile.objects.exists()
    copy = RestrictedCopy.objects.get()
    assert FileKey.objects.get().ref == copy.pk
    run_erasure(NOW + timedelta(days=30))
    assert RestrictedCopy.objects.exists()
    run_erasure(NOW + timedelta(days=31))
    assert not RestrictedCopy.objects.exists()
    assert not FileKey.objects.exists()


def test_a_hold_that_was_lifted_keeps_nothing():
    file = file_of(1, refused(DUE))
    set_hold(file.pk, "court order", TODAY + timedelta(days=30), TODAY - timedelta(days=5), NOW)
    lift_hold(file.pk, TODAY - timedelta(days=1), NOW)
    run_erasure(NOW)
    assert not RestrictedCopy.objects.exists()


def test_a_hold_without_a_legal_basis_keeps_nothing():
    file = file_of(1, refused(DUE))
    record_event(file.pk, Event(EventType.LEGAL_HOLD_SET, TODAY - timedelta(days=5)), NOW)
    run_erasure(NOW)
    assert not RestrictedCopy.objects.exists()


def test_records_of_processing_stay_a_year_and_point_at_nothing():
    file_of(1, refused(DUE))
    run_erasure(NOW)
    record = ProcessingRecord.objects.get()
    assert record.file_ref is None
    assert record.gone_from == date(2027, 11, 23)
    run_erasure(NOW + timedelta(days=364))
    assert ProcessingRecord.objects.exists()
    run_erasure(NOW + timedelta(days=365))
    assert not ProcessingRecord.objects.exists()


def test_an_undecided_file_is_reported_and_never_erased():
    file = file_of(1, [{"type": "FILE_CREATED", "date": "2015-01-01"}])
    run = run_erasure(NOW)
    assert list(stale_files(NOW)) == [file]
    assert run.stale_files == 1
    assert VisaFile.objects.exists()


def test_missed_nights_are_caught_up_and_reported():
    file_of(1, refused(DUE - timedelta(days=2)))
    ErasureRun.objects.create(
        for_day=TODAY - timedelta(days=4), state="finished", started_at=NOW - timedelta(days=4), finished_at=NOW
    )
    run = run_erasure(NOW)
    assert run.missed_nights == 3
    assert not VisaFile.objects.exists()


def test_a_dry_run_lists_and_touches_nothing():
    file_of(1, refused(DUE))
    file_of(2, refused(LAST_DAY))
    out = StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("purge", "--dry-run", stdout=out)
        call_command("purge", "--dry-run", "--now", "2026-11-24T00:30:00+01:00", stdout=out)
        with pytest.raises(CommandError, match="dry run"):
            call_command("purge", "--now", "2030-01-01T00:00:00+01:00")
        with pytest.raises(CommandError, match="offset"):
            call_command("purge", "--dry-run", "--now", "2030-01-01T00:00:00")
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["rule"] for row in rows] == ["23(1)(d)"] * 3
    assert VisaFile.objects.count() == 2
    assert not ErasureRun.objects.exists()


@pytest.mark.parametrize(
    "value", ["passport AB0000001 given", "AB-000.0001", "x (alice1@example.org)", "DZALG2024000001"]
)
def test_residue_in_a_text_column_fails_the_run_loudly(value):
    file_of(1, refused(DUE))
    Letter.objects.create(kind="k", subject_key=value, state="sent", not_before=NOW, created_at=NOW, finished_at=NOW)
    with pytest.raises(ResidueFoundError) as found:
        run_erasure(NOW)
    assert found.value.places[0].startswith("mailroom_letter")
    assert "AB0000001" not in str(found.value)
    run = ErasureRun.objects.get()
    assert run.state == "failed"
    assert "mailroom_letter" in run.failure
    assert not VisaFile.objects.exists()


def test_residue_in_a_stored_file_fails_the_run():
    file_of(1, refused(DUE))
    path = settings.UPLOAD_DIR / "stray.txt"
    path.write_text("left: AB0000001")
    try:
        with pytest.raises(ResidueFoundError, match="stray"):
            run_erasure(NOW)
    finally:
        path.unlink()


def test_what_a_living_file_of_the_same_person_carries_is_no_residue():
    file_of(1, refused(DUE))
    file_of(2, passport_number="AB0000001", email="alice1@example.org")
    Letter.objects.create(
        kind="k", subject_key="AB0000001", state="sent", not_before=NOW, created_at=NOW, finished_at=NOW
    )
    assert run_erasure(NOW).state == "finished"


def test_the_weekly_scan_finds_what_should_not_be_there():
    file = file_of(1)
    assert full_scan(NOW) == {"keys": 0, "stored_files": 0}
    Letter.objects.create(
        kind="k", subject_key="AB0000001", state="sent", not_before=NOW, created_at=NOW, finished_at=NOW
    )
    with pytest.raises(LeftBehindError, match="mailroom_letter"):
        full_scan(NOW)
    Letter.objects.all().delete()
    FileKey.objects.filter(ref=file.pk).delete()
    with pytest.raises(LeftBehindError, match="without a key"):
        full_scan(NOW)
    with pytest.raises(UnreadableError):
        holder_of(file)


def test_orphan_keys_are_destroyed_once_settled():
    file = file_of(1)
    FileKey.objects.create(ref="00000000-0000-4000-8000-000000000000", wrapped=b"x", made_at=NOW)
    assert full_scan(NOW)["keys"] == 0
    assert full_scan(NOW + timedelta(days=2))["keys"] == 1
    assert FileKey.objects.get().ref == file.pk


def test_a_document_stays_until_the_floor_of_the_visa_code():
    file = file_of(1, refused(TODAY - timedelta(days=100)))
    document = add_document(file, "form", "application/pdf", b"x", NOW)
    with pytest.raises(BeforeFloorError) as refusal:
        delete_document(document, NOW)
    assert refusal.value.until == file.floor_until == date(2027, 8, 15)
    old = file_of(2, refused(TODAY - timedelta(days=500)))
    document = add_document(old, "form", "application/pdf", b"x", NOW)
    delete_document(document, NOW)
    run_erasure(NOW)
    assert not default_storage.exists(document.blob)


def test_batches_take_everything_and_each_is_its_own_transaction():
    for number in range(7):
        file_of(number, refused(DUE))
    run = run_erasure(NOW, batch=3)
    assert run.erased_files == 7
    assert [e.rows for e in ErasureEntry.objects.filter(what="visa_files").order_by("number")] == [3, 3, 1]
    assert broken_lines(run) == []


def test_the_master_key_can_be_rotated(settings):
    old = settings.FIELD_KEYS
    file = file_of(1)
    new = "2:" + base64.b64encode(bytes(range(64, 96))).decode()
    settings.FIELD_KEYS = f"{old},{new}"
    call_command("rotate_keys", "fields", stdout=StringIO())
    settings.FIELD_KEYS = new
    assert holder_of(file).family_name == "BENALI"


def test_the_nightly_task_runs_once_a_night_and_in_slices(monkeypatch, queued):
    for number in range(3):
        file_of(number, refused(DUE))
    monkeypatch.setattr(tasks, "SLICE_SECONDS", -1.0)
    with time_machine.travel(NOW, tick=False):
        tasks.purge()
        run = ErasureRun.objects.get()
        assert run.state == "running"
        assert queued() == ["archives.tasks.purge"]
        monkeypatch.setattr(tasks, "SLICE_SECONDS", 30.0)
        tasks.purge(run.pk)
        tasks.purge()
    run.refresh_from_db()
    assert (run.state, run.erased_files) == ("finished", 3)
    assert ErasureRun.objects.count() == 1


def test_the_command_prints_the_vectors():
    vectors = Path(__file__).parent / "data" / "retention_vectors.json"
    out = StringIO()
    call_command("retention_dates", str(vectors), stdout=out)
    printed = {row["id"]: row for row in map(json.loads, out.getvalue().splitlines())}
    for vector in json.loads(vectors.read_text())["vectors"]:
        assert vector["expected"].items() <= printed[vector["id"]].items()


def test_the_command_names_what_it_refuses(tmp_path):
    path = tmp_path / "v.json"
    path.write_text('{"vectors": [{"id": "X", "profile": "VIS", "events": [{"type": "LOST", "date": "2024-01-01"}]}]}')
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("retention_dates", str(path), stdout=out)
    assert json.loads(out.getvalue()) == {"id": "X", "refused": "UNKNOWN_EVENT_TYPE", "detail": {"event": "LOST"}}
    with pytest.raises(CommandError, match="vectors"):
        call_command("retention_dates", str(tmp_path / "absent.json"))
