"""The desk of one visa file, by HTTP: events, corrections, holds, documents, links, and who may not."""

import io
import re
from datetime import timedelta

import pypdf
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessRecord, Role
from archives.dating import erasure_day
from archives.erasure.run import run_erasure
from archives.models import FileDocument, FileEvent, FileLink, Hold, ProcessingRecord, RestrictedCopy, VisaFile
from archives.queries.search import search
from archives.sealing import holder_of
from tests.accounts.people import make_staff, signed_in
from tests.archives.copies.documents import jpeg, pdf
from tests.archives.makers import file_of, issued, refused
from tests.cast import make_post

pytestmark = pytest.mark.django_db
TODAY = erasure_day(timezone.now())
DECIDED = TODAY - timedelta(days=100)


@pytest.fixture
def officer():
    make_post()
    client = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def act(client: Client, file: VisaFile, name: str, **fields):
    """One act of the desk, and the page after it."""
    data = {"act": name, **{f"{name}-{key}": value for key, value in fields.items()}}
    return client.post(reverse("admin:archives_file", args=[file.pk]), data, follow=True).content.decode()


def test_a_decision_is_recorded_and_the_dates_follow(officer):
    file = file_of(1, [{"type": "FILE_CREATED", "date": str(DECIDED - timedelta(days=9))}])
    until = TODAY + timedelta(days=30)
    fields = {"date": DECIDED, "valid_from": DECIDED, "valid_until": until, "visa_number": "FRA123456789"}
    page = act(officer, file, "record", type="ISSUED", **fields)
    file.refresh_from_db()
    assert f"{file.gone_from:%Y-%m-%d}" in page
    assert (file.status, file.start_date) == ("ISSUED", until)
    assert FileEvent.objects.filter(file=file, type="ISSUED", valid_until=until).exists()
    assert holder_of(file).valid_until == until.isoformat()
    assert search(_everything(), visa_number="FRA123456789").rows[0].file == file
    assert AccessRecord.objects.filter(action="change", subject=f"visa file {file.pk}: record").exists()
    assert ProcessingRecord.objects.filter(purpose="decision", file_ref=file.pk).exists()


def _everything():
    from accounts.access import Scope

    return Scope(everything=True, post_keys=frozenset())


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"type": "REFUSED", "date": TODAY + timedelta(days=2)}, "“visa refused” is dated in the future."),
        (
            {"type": "ISSUED", "date": DECIDED, "valid_until": DECIDED - timedelta(days=1)},
            "expire before it was issued",
        ),
        ({"type": "ANNULLED", "date": DECIDED}, "there is no visa that stands at that date"),
        ({"type": "REFUSED", "date": DECIDED - timedelta(days=900)}, "before the creation of the file"),
        ({"type": "ISSUED", "date": DECIDED}, "lacks “Visa valid until”"),
        ({"type": "REFUSAL_ANNULLED_FINAL", "date": DECIDED}, "no decision that it could quash"),
        ({"type": "LOST", "date": DECIDED}, "LOST is not one of the available choices"),
        ({"type": "REFUSED", "date": "yesterday"}, "Enter a valid date"),
        ({"type": "CORRECTED", "date": TODAY}, "lacks “Date that is corrected”"),
    ],
)
def test_what_cannot_be_true_is_said_and_nothing_is_kept(officer, fields, sentence):
    file = file_of(1, [{"type": "FILE_CREATED", "date": str(DECIDED - timedelta(days=9))}])
    page = act(officer, file, "record", **fields)
    assert sentence.replace("“", "“") in page
    assert FileEvent.objects.count() == 1
    file.refresh_from_db()
    assert file.gone_from is None


@pytest.mark.parametrize(("language", "word"), [("fr", "Nom"), ("en", "Surname"), ("ar", "اللقب")])
def test_what_can_be_corrected_is_named_in_the_language_of_the_page(officer, language, word):
    file = file_of(1, issued(DECIDED, TODAY + timedelta(days=90)))
    officer.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    page = officer.get(reverse("admin:archives_file", args=[file.pk])).content.decode()
    options = re.search(r'name="correct-field".*?</select>', page, re.DOTALL)[0]
    shown = dict(re.findall(r'value="(\w+)"[^>]*>([^<]+)<', options))
    assert shown["family_name"] == word
    assert not set(shown) & set(shown.values())


def test_a_date_is_corrected_and_a_name_too_and_the_value_stands_in_no_event(officer):
    file = file_of(1, issued(DECIDED, TODAY))
    page = act(
        officer, file, "record", type="CORRECTED", date=TODAY, field="valid_until", value=TODAY + timedelta(days=9)
    )
    assert "Recorded" in page
    assert act(officer, file, "correct", field="birth_date", value="1991-05-13").count("Corrected.") == 1
    assert "not a possible date of birth" in act(officer, file, "correct", field="birth_date", value="2991-05-13")
    file.refresh_from_db()
    held = holder_of(file)
    assert (held.birth_date, held.valid_until) == ("1991-05-13", str(TODAY + timedelta(days=9)))
    assert not FileEvent.objects.filter(value="1991-05-13").exists()
    assert search(_everything(), birth_date="1991-05-13").rows[0].file == file


def test_a_hold_has_reason_author_and_end_and_can_be_lifted(officer):
    file = file_of(1, refused(TODAY - timedelta(days=5 * 366)))
    late = TODAY + timedelta(days=30)
    assert "lies in the future" in act(
        officer, file, "hold", legal_basis="court order", reason="TA 24-1", ends_by=TODAY
    )
    assert not Hold.objects.exists()
    page = act(officer, file, "hold", legal_basis="court order", reason="TA Nantes 24-100", ends_by=late)
    assert "TA Nantes 24-100" in page
    assert "omar" in page
    assert "lifted" in act(officer, file, "lift")
    assert Hold.objects.get().lifted_on == TODAY
    act(officer, file, "hold", legal_basis="court order", reason="TA Nantes 24-100", ends_by=late)
    run_erasure(timezone.now())
    assert not VisaFile.objects.exists()
    kept = RestrictedCopy.objects.get()
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    assert "BENALI" in head.get(reverse("admin:archives_restrictedcopy_change", args=[kept.pk])).content.decode()
    assert officer.get(reverse("admin:archives_restrictedcopy_change", args=[kept.pk])).status_code in (302, 403)
    ending = {"action": "end_now", "_selected_action": [kept.pk]}
    head.post(reverse("admin:archives_restrictedcopy_changelist"), ending)
    run_erasure(timezone.now() + timedelta(days=1))
    assert not RestrictedCopy.objects.exists()


def test_a_document_is_made_anew_sealed_and_only_saved(officer):
    file = file_of(1)
    brought = SimpleUploadedFile("form.pdf", pdf(2, b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"))
    assert "2 pages" in act(officer, file, "document", kind="form", document=brought)
    row = FileDocument.objects.get()
    with default_storage.open(row.blob) as stream:
        assert b"%PDF" not in stream.read()
    answer = officer.get(reverse("admin:archives_document", args=[file.pk, row.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert len(pypdf.PdfReader(io.BytesIO(answer.content)).pages) == 2
    assert b"JavaScript" not in answer.content
    assert AccessRecord.objects.filter(action="read", subject__startswith="document").exists()
    assert (
        f"stay until {file.floor_until:%Y-%m-%d}"
        in officer.post(
            reverse("admin:archives_file", args=[file.pk]), {"act": "drop_document", "number": row.pk}, follow=True
        ).content.decode()
    )


@pytest.mark.parametrize("body", [b"MZ a program", pdf()[:200], jpeg()[:300]])
def test_a_document_that_cannot_be_made_anew_is_refused_with_its_reason(officer, body):
    page = act(officer, file_of(1), "document", kind="form", document=SimpleUploadedFile("form.pdf", body))
    assert "is no PDF, JPEG or PNG" in page or "cannot be read" in page
    assert not FileDocument.objects.exists()


def test_files_are_linked_by_number_within_ones_own_posts(officer):
    one, other, foreign = file_of(1), file_of(2), file_of(3, post="ma-rab")
    unknown = act(officer, one, "link", kind="group", file_number="DZALG2024999999")
    assert unknown.count("No other file of your posts has this number.") == 1
    assert "No other file of your posts" in act(officer, one, "link", kind="group", file_number="DZALG2024000003")
    assert "linked" in act(officer, one, "link", kind="group", file_number="DZALG2024000002")
    link = FileLink.objects.get()
    assert {link.first_id, link.second_id} == {one.pk, other.pk}
    page = officer.post(
        reverse("admin:archives_file", args=[one.pk]), {"act": "drop_link", "number": link.pk}, follow=True
    ).content.decode()
    assert "removed" in page
    FileLink.objects.create(first=one, second=foreign, kind="group")
    assert "a file of another post" in officer.get(reverse("admin:archives_file", args=[one.pk])).content.decode()


def test_another_posts_file_is_as_absent_as_an_erased_one(officer):
    foreign = file_of(1, post="ma-rab")
    row = FileDocument.objects.create(
        file=foreign,
        kind="form",
        media_type="application/pdf",
        blob="sealed/ab/" + "0" * 30,
        size=1,
        stored_at=timezone.now(),
    )
    gone = "00000000-0000-4000-8000-000000000000"
    for address in (
        reverse("admin:archives_file", args=[foreign.pk]),
        reverse("admin:archives_file", args=[gone]),
        reverse("admin:archives_document", args=[foreign.pk, row.pk]),
    ):
        assert officer.get(address).status_code == 404
        assert officer.post(address, {"act": "lift"}).status_code in (404, 405)
    assert not ProcessingRecord.objects.filter(purpose="consultation").exists()


def test_an_auditor_and_an_agent_have_no_desk():
    file = file_of(1)
    for role in (Role.AUDITOR, Role.AGENT):
        client = signed_in(make_staff(role, "dz-alg"))
        assert client.get(reverse("admin:archives_file", args=[file.pk])).status_code == 403


def test_the_countdown_stands_on_the_desk(officer):
    file = file_of(1, refused(TODAY - timedelta(days=5 * 365 - 20)))
    days = (file.gone_from - TODAY).days
    assert f"{days} days left" in officer.get(reverse("admin:archives_file", args=[file.pk])).content.decode()
