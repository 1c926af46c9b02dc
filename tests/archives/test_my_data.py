"""Reports of trade and objections belong to what is held about whoever proves the address in them."""

import json
import re

import pytest
from captcha.models import CaptchaStore
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessRecord, Role
from antibot.actions.index_appeals import index_appeals
from antibot.models import Appeal, RadarCase
from appointments.actions.requests import enter_request
from appointments.models import TrafficReport
from appointments.reports.addresses import index_reports
from archives.erasure.run import run_erasure
from archives.models import DataRequest
from tests.accounts.people import make_staff, signed_in
from tests.archives.test_pages import prove
from tests.cast import ALICE, any_day, make_post, make_scene
from tests.vault.test_rotation import NEW_INDEX, run
from vault import rotation

pytestmark = pytest.mark.django_db
STORY = "A man in front of the post sold places for money."


def post_with_picture(client: Client, page: str, **values: str) -> None:
    """A public form with its picture answered."""
    text = client.get(page).content.decode()
    key = re.search(r'name="captcha_key" value="(\w+)"', text)[1]
    letters = CaptchaStore.objects.get(hashkey=key).challenge.partition(":")[0]
    assert client.post(page, values | {"captcha_key": key, "captcha_answer": letters}).status_code in {200, 302}


def report(contact: str) -> TrafficReport:
    post_with_picture(Client(), "/report/", kind="offered", medium="street", story=STORY, contact=contact)
    return TrafficReport.objects.latest("pk")


def object_to_a_block(contact: str) -> Appeal:
    post_with_picture(Client(), "/antibot/appeal/", text="We share this line.", contact=contact)
    return Appeal.objects.latest("pk")


def held(client, monkeypatch, address):
    prove(client, monkeypatch, address)
    return json.loads(client.get(reverse("my-data-download")).content)


@pytest.mark.parametrize("typed", ["Me@Example.org", "me@example.org (in the evening)", "Mail: me@example.org."])
def test_a_report_and_an_objection_are_in_the_download_of_their_address(client, monkeypatch, typed):
    told = report(typed)
    TrafficReport.objects.update(note="Police were told.", decided_by="head.alg")
    objected = object_to_a_block("me@example.org")
    found = held(client, monkeypatch, "me@example.org")
    (mine,) = found["reports_of_trade"]
    assert (mine["reference"], mine["story"], mine["how_to_reach_you"]) == (told.reference, STORY, typed)
    assert [row["reference"] for row in found["objections"]] == [objected.reference]
    assert "Police" not in json.dumps(found)
    assert "head.alg" not in json.dumps(found)


@pytest.mark.parametrize("written", ["", "0555 12 34 56", "you@example.org", "ask for Ali in the shop"])
def test_what_names_another_address_or_none_is_in_nobody_s_download(client, monkeypatch, written):
    report(written)
    object_to_a_block("you@example.org" if "@" in written else "")
    found = held(client, monkeypatch, "me@example.org")
    assert found["reports_of_trade"] == found["objections"] == []


def test_an_objection_behind_a_notice_is_with_the_request_that_it_is_about(client, monkeypatch):
    scene, now = make_scene(), timezone.now()
    request = enter_request(
        service=scene.drawn, people=(ALICE,), wishes=any_day(), contact="me@example.org", language="fr", now=now
    )
    subject = f"request:{request.reference}"
    case = RadarCase.objects.create(
        reference="C1", fingerprint=b"f", post_key="dz-alg", score=9, subjects=[subject], identities=4,
        state="notified", notified_at=now, first_seen=now, last_seen=now, opened_at=now,
    )  # fmt: skip
    for told, text in ((case, "We are a family."), (None, "Typed by somebody else.")):
        Appeal.objects.create(reference=text[-9:], case=told, subject=subject, text=text, created_at=now)
    found = held(client, monkeypatch, "me@example.org")
    assert [row["text"] for row in found["appointments"][0]["objections"]] == ["We are a family."]
    assert found["objections"] == []


def test_rows_of_earlier_code_are_found_after_the_night(client, monkeypatch):
    now = timezone.now()
    for contact in ("me@example.org", "", "at noon"):
        TrafficReport.objects.create(kind="saw", medium="other", story=STORY, contact=contact, received_on=now.date())
        Appeal.objects.create(reference=f"E{contact[:3]}", text="x", contact=contact, created_at=now)
    run_erasure(now)
    assert index_appeals(10) == index_reports(10) == 0  # each was looked at once
    found = held(client, monkeypatch, "me@example.org")
    assert len(found["reports_of_trade"]) == len(found["objections"]) == 1


def test_after_a_new_index_key_both_are_found(client, monkeypatch):
    rotation.index_key_in_force()
    report("me@example.org")
    object_to_a_block("me@example.org")
    with override_settings(INDEX_KEY=NEW_INDEX, INDEX_KEY_FALLBACKS=[settings.INDEX_KEY]):
        run("index")
        found = held(client, monkeypatch, "me@example.org")
    assert len(found["reports_of_trade"]) == len(found["objections"]) == 1


def test_the_index_of_a_report_equals_no_other(client):
    scene = make_scene()
    request = enter_request(
        service=scene.drawn, people=(ALICE,), wishes=any_day(), contact="me@example.org", language="fr",
        now=timezone.now(),
    )  # fmt: skip
    told, objected = report("me@example.org"), object_to_a_block("me@example.org")
    indexes = {bytes(row.contact_index) for row in (request, told, objected)}
    assert len(indexes) == 3


def test_staff_who_answer_a_wish_see_what_its_address_leads_to(client, monkeypatch):
    make_post()
    told, foreign = report("me@example.org"), report("you@example.org")
    objected = object_to_a_block("me@example.org")
    prove(client, monkeypatch, "me@example.org")
    client.post(reverse("my-data"), {"kind": "erasure", "text": "Erase my report."})
    wish = DataRequest.objects.get()
    page = signed_in(make_staff(Role.CENTRE)).get(reverse("admin:archives_datarequest_change", args=[wish.pk]))
    text = page.content.decode()
    assert told.reference in text
    assert objected.reference in text
    assert foreign.reference not in text
    assert STORY not in text


@pytest.mark.parametrize("kind", ["appointments_trafficreport", "antibot_appeal"])
def test_the_centre_erases_the_address_on_request_and_nothing_else(client, monkeypatch, kind):
    make_post()
    row = report("me@example.org") if "report" in kind else object_to_a_block("me@example.org")
    other = report("you@example.org") if "report" in kind else object_to_a_block("you@example.org")
    before = {field.name: getattr(row, field.name) for field in row._meta.concrete_fields}
    press = {"action": "forget_sender", "_selected_action": [row.pk]}
    centre = signed_in(make_staff(Role.CENTRE))
    assert centre.post(reverse(f"admin:{kind}_changelist"), press).status_code == 302
    row.refresh_from_db()
    other.refresh_from_db()
    after = {field.name: getattr(row, field.name) for field in row._meta.concrete_fields}
    assert {name for name in before if before[name] != after[name]} <= {"contact", "contact_index", "network"}
    assert (row.contact, bytes(row.contact_index), other.contact) == ("", b"", "you@example.org")
    assert AccessRecord.objects.filter(action="change", subject__endswith=row.reference).exists()
    found = held(client, monkeypatch, "me@example.org")
    assert found["reports_of_trade"] == found["objections"] == []


@pytest.mark.parametrize("role", [Role.HEAD, Role.OFFICER])
def test_a_post_cannot_make_itself_forget_who_reported(role):
    post = make_post()
    row = report("me@example.org")
    TrafficReport.objects.update(post=post)
    staff = signed_in(make_staff(role, "dz-alg"))
    staff.post(
        reverse("admin:appointments_trafficreport_changelist"),
        {"action": "forget_sender", "_selected_action": [row.pk]},
    )
    row.refresh_from_db()
    assert row.contact == "me@example.org"
