"""Reports of trade: taken without asking who, read only by those whom they do not concern."""

import re

import pytest
from captcha.models import CaptchaStore
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AccessRecord, Role
from appointments.models import Post, TrafficReport
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import other_post
from tests.cast import make_post

pytestmark = pytest.mark.django_db
STORY = "A man in front of the post sold places for money."


@pytest.fixture
def post() -> Post:
    return make_post()


def send(client: Client, **data: object):
    """Post the form as somebody who has looked at the picture and typed its letters."""
    page = client.get("/report/", REMOTE_ADDR="203.0.113.9").content.decode()
    key = re.search(r'name="captcha_key" value="(\w+)"', page)
    assert key
    letters = CaptchaStore.objects.get(hashkey=key[1]).challenge.partition(":")[0]
    usual = {"kind": "offered", "medium": "street", "story": STORY, "captcha_key": key[1], "captcha_answer": letters}
    return client.post("/report/", usual | data, REMOTE_ADDR="203.0.113.9")


def test_a_report_is_taken_and_its_number_shown_once(client: Client, post: Post) -> None:
    answer = send(client, post=post.pk, amount="15000 DA")
    assert answer.status_code == 302
    row = TrafficReport.objects.get()
    assert (row.story, row.state, row.post) == (STORY, "new", post)
    assert row.reference[:4] in client.get("/report/thanks/").content.decode()
    assert row.reference[:4] not in client.get("/report/thanks/").content.decode()


@pytest.mark.parametrize("answer", ["", "wrong", "AAAAAA"])
def test_a_wrong_answer_takes_nothing_and_loses_no_word(client: Client, post: Post, answer: str) -> None:
    page = send(client, captcha_answer=answer)
    assert page.status_code == 200
    assert STORY in page.content.decode()
    assert not TrafficReport.objects.exists()


def test_one_picture_takes_one_report(client: Client, post: Post) -> None:
    first = send(client)
    assert first.status_code == 302
    again = {name: first.wsgi_request.POST[name] for name in ("captcha_key", "captcha_answer")}
    assert client.post("/report/", {"kind": "offered", "medium": "street", "story": STORY} | again).status_code == 200
    assert TrafficReport.objects.count() == 1


def test_without_the_challenge_nothing_is_taken(client: Client, post: Post) -> None:
    answer = client.post("/report/", {"kind": "offered", "medium": "street", "story": STORY})
    assert answer.status_code in {200, 429, 503}
    assert not TrafficReport.objects.exists()


def test_nothing_in_the_database_leads_to_who_wrote(client: Client, post: Post) -> None:
    send(client, post=post.pk, contact="me@example.org")
    row = TrafficReport.objects.get()
    names = {field.name for field in TrafficReport._meta.get_fields()}
    assert not names & {"session", "address", "network", "request", "booking", "user", "created_at"}
    assert not any(
        field.get_internal_type() == "DateTimeField" for field in row._meta.fields if field.name != "decided_at"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM appointments_trafficreport r")
        stored = cursor.fetchone()[0]
    for secret in (STORY, "me@example.org", "203.0.113", client.session.session_key or "-"):
        assert secret not in stored
    assert not apps.get_model("appointments", "TrafficReportEvent").objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"story": "short"},
        {"story": "\u202e\u200b \n"},
        {"story": "x" * 5000},
        {"kind": "unknown"},
        {"medium": ""},
        {"happened_on": "2990-01-01"},
        {"happened_on": "no day"},
        {"post": "999999"},
        {"story": "a\x00b and more than ten"},
    ],
)
def test_bad_input_is_told_and_kept(client: Client, post: Post, bad: dict[str, str]) -> None:
    answer = send(client, **bad)
    assert answer.status_code == 200
    assert not TrafficReport.objects.exists()


def make(post: Post | None, **more: object) -> TrafficReport:
    values: dict[str, object] = {"kind": "offered", "medium": "shop", "received_on": "2026-11-01", "story": STORY}
    return TrafficReport.objects.create(post=post, **(values | more))


def test_what_concerns_a_posts_own_people_is_for_the_centre(client: Client, post: Post) -> None:
    send(client, kind="inside", post=post.pk)
    row = TrafficReport.objects.get()
    assert row.centre_only
    address = reverse("admin:appointments_trafficreport_change", args=[row.pk])
    assert signed_in(make_staff(Role.HEAD, "dz-alg")).get(address).status_code == 302
    assert STORY in signed_in(make_staff(Role.CENTRE)).get(address).content.decode()


def test_the_queue_is_scoped_decided_and_written_down(post: Post) -> None:
    own, foreign, nowhere = make(post), make(other_post()), make(None)
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    page = officer.get(reverse("admin:appointments_trafficreport_changelist"))
    assert [row.pk for row in page.context["cl"].result_list] == [own.pk]
    for row in (foreign, nowhere):
        address = reverse("admin:appointments_trafficreport_change", args=[row.pk])
        assert officer.get(address).status_code == 302
    address = reverse("admin:appointments_trafficreport_change", args=[own.pk])
    assert STORY in officer.get(address).content.decode()
    changed = {"state": "looking", "note": "asked the shop", "story": "another story", "kind": "saw"}
    assert officer.post(address, changed).status_code == 302
    own.refresh_from_db()
    assert (own.state, own.note, own.story, own.kind, own.decided_by) == (
        "looking", "asked the shop", STORY, "offered", "omar",
    )  # fmt: skip
    actions = AccessRecord.objects.filter(subject=f"report {own.reference}").values_list("action", flat=True)
    assert set(actions) == {"read", "decide"}


def test_an_agent_of_a_provider_sees_no_report(post: Post) -> None:
    make(post)
    agent = signed_in(make_staff(Role.AGENT, "dz-alg"))
    assert agent.get(reverse("admin:appointments_trafficreport_changelist")).status_code == 403
