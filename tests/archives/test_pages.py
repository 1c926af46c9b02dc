"""Pages of staff and public pages, by HTTP."""

import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AccessRecord
from antibot.models import Sighting
from appointments.actions.requests import enter_request
from archives.actions.documents import add_document
from archives.dating import erasure_day
from archives.models import DataRequest, ErasureRun, ImportBatch, ProcessingRecord, VisaFile
from archives.tasks import import_batch
from tests.accounts.people import make_staff, signed_in
from tests.archives.makers import file_of, issued, refused
from tests.archives.test_importing import GOOD, HEAD, REFUSAL
from tests.cast import ALICE, any_day, make_post, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def post():
    return make_post()


@pytest.fixture
def officer(post):
    return signed_in(make_staff("officer", "dz-alg"))


def recent(number=1, **options):
    today = erasure_day(timezone.now())
    return file_of(number, refused(today - timedelta(days=100)), **options)


def test_the_list_shows_names_and_a_countdown_and_only_ones_own_posts(officer):
    recent(1)
    recent(2, post="ma-rab", family_name="ALAOUI")
    page = officer.get(reverse("admin:archives_visafile_changelist")).content.decode()
    assert "BENALI Alice Nour" in page
    assert "ALAOUI" not in page
    assert re.search(r"17\d\d", page)
    assert AccessRecord.objects.filter(action="list", subject="visa files").exists()


def test_somebody_elses_file_is_not_there(officer):
    other = recent(2, post="ma-rab")
    answer = officer.get(reverse("admin:archives_visafile_change", args=[other.pk]))
    assert answer.status_code in (302, 403, 404)
    assert not ProcessingRecord.objects.filter(purpose="consultation").exists()


def test_looking_at_a_file_is_recorded(officer):
    file = recent(1)
    page = officer.get(reverse("admin:archives_visafile_change", args=[file.pk]))
    assert "AB0000001" in page.content.decode()
    record = ProcessingRecord.objects.get(purpose="consultation")
    assert record.file_ref == file.pk


def test_search_by_post_finds_and_is_recorded_without_the_name(officer):
    recent(1)
    page = officer.post(reverse("admin:archives_search"), {"name": "alice بن علي"}).content.decode()
    assert "AB0000001" in page
    record = AccessRecord.objects.get(action="search")
    assert record.subject == "visa files by name"


@pytest.mark.parametrize(
    "name", ["archives_search", "archives_coming", "archives_import", "archives_visafile_changelist"]
)
def test_nobody_else_comes_in(name, post):
    assert Client().get(reverse(f"admin:{name}")).status_code == 302
    agent = signed_in(make_staff("agent", "dz-alg"))
    assert agent.get(reverse(f"admin:{name}")).status_code == 403


def test_the_plot_and_the_warnings(officer):
    today = erasure_day(timezone.now())
    day = today - timedelta(days=5 * 365 - 20)
    file_of(1, issued(day, day))
    file_of(2, [{"type": "FILE_CREATED", "date": (today - timedelta(days=300)).isoformat()}])
    ErasureRun.objects.create(
        for_day=today, state="finished", started_at=timezone.now(), finished_at=timezone.now(), missed_nights=2
    )
    with translation.override("en"):
        page = officer.get(reverse("admin:archives_coming"), headers={"accept-language": "en"}).content.decode()
    assert page.count("<rect") == 52
    assert "2 nights were missed" in page
    assert "1 file has been without a decision" in page


def test_an_import_from_the_file_to_the_report(officer):
    text = "\n".join([HEAD, GOOD, REFUSAL.replace("1985-01-30", "yesterday")])
    brought = SimpleUploadedFile("files.csv", text.encode())
    answer = officer.post(reverse("admin:archives_import"), {"post": "dz-alg", "file": brought})
    batch = ImportBatch.objects.get()
    assert answer.url == reverse("admin:archives_import_batch", args=[batch.pk])
    assert not VisaFile.objects.exists()
    assert "birth_date" in officer.get(answer.url).content.decode()
    officer.post(reverse("admin:archives_import_go", args=[batch.pk]))
    import_batch(batch.pk)
    assert VisaFile.objects.count() == 1
    report = officer.get(reverse("admin:archives_import_report", args=[batch.pk]))
    body = b"".join(report.streaming_content).decode("utf-8-sig")
    assert "yesterday" in body
    assert "Alice" not in body
    head = signed_in(make_staff("officer", "ma-rab", name="other"))
    assert head.get(reverse("admin:archives_import_batch", args=[batch.pk])).status_code == 403


def test_a_post_that_is_not_ones_own_cannot_be_chosen(officer):
    make_post("ma-rab", "MA", "Africa/Casablanca")
    brought = SimpleUploadedFile("files.csv", f"{HEAD}\n{GOOD}".encode())
    answer = officer.post(reverse("admin:archives_import"), {"post": "ma-rab", "file": brought})
    assert answer.status_code == 200
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(("language", "title"), [("fr", "Vos données"), ("ar", "بياناتك"), ("en", "Your data")])
def test_the_privacy_page_in_three_languages(client, language, title):
    page = client.get(reverse("privacy"), headers={"accept-language": language}).content.decode()
    assert f"<h1>{title}</h1>" in page
    assert page.count("<tr>") > 25
    if language != "en":
        assert "Every night" not in page
        assert "Six months" not in page
        assert "To give you an appointment" not in page


def prove(client, monkeypatch, address):
    """Past the captcha, which has tests of its own, and through the code that the message holds."""
    from antibot.challenges.forms import ChallengeForm
    from mailroom.post import send_due

    monkeypatch.setattr(ChallengeForm, "is_valid", lambda _form: True)
    client.get(reverse("my-data"))
    answer = client.post(reverse("my-data"), {"contact": address})
    assert answer.url == reverse("my-data-code")
    send_due()
    code = re.search(r"\b(\d{6})\b", mail.outbox[-1].body).group(1)
    assert client.post(answer.url, {"code": "000000" if code != "000000" else "111111"}).status_code == 200
    assert client.post(answer.url, {"code": code}).url == reverse("my-data")


def test_what_is_held_about_me_after_a_code_and_about_nobody_else(client, monkeypatch):
    recent(1)
    recent(2, family_name="OTHER")
    assert client.get(reverse("my-data-download")).url == reverse("my-data")
    prove(client, monkeypatch, "alice1@example.org")
    answer = client.get(reverse("my-data-download"))
    assert "attachment" in answer["Content-Disposition"]
    held = json.loads(answer.content)
    assert [file["holder"]["passport_number"] for file in held["visa_files"]] == ["AB0000001"]
    assert "OTHER" not in answer.content.decode()
    wish = {"kind": "correction", "text": "My name is written Benaly."}
    assert client.post(reverse("my-data"), wish).status_code == 302
    assert DataRequest.objects.get().text == "My name is written Benaly."
    assert "Benaly" in client.get(reverse("my-data-download")).content.decode()


def test_the_download_holds_what_hangs_on_a_file_and_on_a_request(client, monkeypatch):
    file = recent(1, parts={"refusal_data_art12": {"grounds": ["3"]}})
    add_document(file, "form", "application/pdf", b"form", timezone.now())
    scene = make_scene()
    wishes = {"service": scene.drawn, "people": (ALICE,), "wishes": any_day(), "language": "fr"}
    request = enter_request(contact="alice1@example.org", now=timezone.now(), **wishes)
    Sighting.objects.create(
        at=timezone.now(), scope_key="s", post_key="dz-alg", subject=f"request:{request.reference}",
        identity_index=b"i", session_hash=b"s", network="203.0.113.7", network_index=b"n",
    )  # fmt: skip
    prove(client, monkeypatch, "alice1@example.org")
    held = json.loads(client.get(reverse("my-data-download")).content)
    assert held["visa_files"][0]["parts"] == {"refusal_data_art12": {"grounds": ["3"]}}
    assert held["visa_files"][0]["documents"][0]["kind"] == "form"
    assert held["appointments"][0]["seen_from"][0]["network"] == "203.0.113.7"
    assert held["appointments"][0]["suspicions"] == []


def test_an_unknown_address_gets_the_same_pages_and_an_empty_list(client, monkeypatch):
    prove(client, monkeypatch, "nobody@example.org")
    held = json.loads(client.get(reverse("my-data-download")).content)
    assert held["visa_files"] == held["appointments"] == held["copy_requests"] == []
