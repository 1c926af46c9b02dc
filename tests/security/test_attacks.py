"""Attacks on no single page: forged forms, planted sessions, fields that nobody offered, addresses of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Role, User
from antibot.models import OneTimeCode, Payment
from appointments.models import Booking, Request
from appointments.views.remembered import pages
from tests.accounts.people import make_staff, signed_in
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, BOB_MAIL, Scene, make_scene, open_slots

pytestmark = pytest.mark.django_db
# Signed by the gateway instead.
WITHOUT_A_TOKEN = {"antibot.views.webhooks.webhook"}


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def views() -> Iterator[Any]:
    def walk(patterns: list[Any]) -> Iterator[Any]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            elif isinstance(pattern, URLPattern):
                yield pattern.callback

    yield from walk(get_resolver().url_patterns)


def test_one_address_alone_takes_forms_without_a_token() -> None:
    exempt = {f"{view.__module__}.{view.__name__}" for view in views() if getattr(view, "csrf_exempt", False)}
    assert exempt == WITHOUT_A_TOKEN


def test_a_form_from_another_site_changes_nothing(scene: Scene) -> None:
    forged = Client(enforce_csrf_checks=True)
    answer = forged.post("/posts/dz-alg/c-tour/apply/", {}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    answer = forged.post("/admin/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403


def test_a_session_that_was_planted_does_not_share_what_is_proved_in_it(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    planted = alice.client.cookies["session"].value
    alice.prove_contact()
    assert alice.client.cookies["session"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()
    attacker = Client()
    attacker.cookies["session"] = planted
    answer = attacker.get(alice.step("people"))
    assert answer.status_code in {302, 404}
    assert "/people/" not in answer.get("Location", "")
    assert alice.get(alice.step("people"))["Location"].endswith("/people/1/")


def test_signing_in_gives_a_new_session_and_an_invented_key_is_not_taken(scene: Scene) -> None:
    make_staff(Role.OFFICER, "dz-alg", name="omar")
    client = Client()
    client.cookies["session"] = "a" * 32
    client.post("/admin/login/", {"username": "omar", "password": "correct horse battery"})
    assert client.cookies["session"].value != "a" * 32
    assert not Session.objects.filter(session_key="a" * 32).exists()


def test_fields_that_no_form_offers_are_not_taken(scene: Scene) -> None:
    slots = open_slots(scene.first_come, 2)
    alice = Visitor(ALICE_MAIL)
    alice.ready(scene.first_come)
    extra = {
        "state": "confirmed",
        "amount_cents": "1",
        "paid_at": "2026-01-01",
        "reference": "K7RT9PQ2MM4X",
        "living": "",
    }
    alice.enter(ALICE, 1, **extra)
    answer = alice.post(alice.step("slots"), slot=slots[0].pk, **extra, hold_until="2099-01-01", contact=BOB_MAIL)
    booking = Booking.objects.get()
    assert answer["Location"].split("/")[2] == booking.request.reference != "K7RT9PQ2MM4X"
    assert (booking.state, booking.amount_cents, booking.paid_at) == (Booking.State.HELD, 2900, None)
    assert Request.objects.get().contact == ALICE_MAIL
    page = alice.post(f"/my/{booking.request.reference}/pay/", amount_cents="1", currency="DZD")["Location"]
    alice.post(page, how="card", amount_cents="1", state="paid")
    assert (Payment.objects.get().amount_cents, Payment.objects.get().state) == (2900, "asked")


def test_an_account_is_given_nothing_that_its_form_does_not_show(scene: Scene) -> None:
    centre = signed_in(make_staff(Role.CENTRE))
    taken = {
        "username": "mallory", "email": "m@staff.example.org", "role": "agent", "usable_password": "true",
        "password1": "correct horse battery", "password2": "correct horse battery", "is_superuser": "on",
        "is_staff": "on", "language": "fr",
        "post_scopes-TOTAL_FORMS": "0", "post_scopes-INITIAL_FORMS": "0", "user_permissions": "1", "groups": "1",
    }  # fmt: skip
    answer = centre.post("/admin/accounts/user/add/", taken)
    assert answer.status_code == 302, answer.content.decode()
    mallory = User.objects.get(username="mallory")
    assert not mallory.is_superuser
    assert mallory.role == Role.AGENT
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    assert head.post("/admin/accounts/user/add/", taken | {"username": "trent"}).status_code == 403
    assert not User.objects.filter(username="trent").exists()


def test_every_address_of_a_booking_answers_strangers_alike(scene: Scene) -> None:
    slots = open_slots(scene.first_come, 1)
    row = Visitor(ALICE_MAIL).hold(scene.first_come, slots[0].pk, ALICE)
    stranger = Visitor(BOB_MAIL)
    stranger.begin(scene.drawn)
    stranger.prove_contact()
    for name in ("", "pay/", "paid/", "wishes/", "withdraw/", "cancel/", "confirmation.pdf", "appointment.ics"):
        said = []
        for reference in (row.reference, "K7RT9PQ2MM4X"):
            for ask in (stranger.get, stranger.post):
                answer = ask(f"/my/{reference}/{name}")
                said.append((answer.status_code, answer.get("Location", "").replace(reference, "…")))
                assert b"BENALI" not in answer.content
                assert ALICE.passport_number.encode() not in answer.content
        assert said[:2] == said[2:], name
    assert Booking.objects.get().state == Booking.State.HELD


def test_a_wrong_name_and_a_wrong_password_are_answered_alike_and_cost_alike(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    make_staff(Role.OFFICER, "dz-alg", name="omar")
    hashed.clear()
    pages = []
    for name in ("omar", "nobody"):
        answer = Client().post(
            "/admin/login/", {"username": name, "password": "wrong"}, headers={"accept-language": "en"}
        )
        pages.append(answer.content.decode().replace(name, "…").partition("<form")[2].partition("csrf")[0])
        assert len(hashed) == 1, "one hash each: the time says nothing"
        hashed.clear()
    assert pages[0] == pages[1]


def test_the_same_is_asked_of_the_database_whether_an_address_is_known_or_not(scene: Scene) -> None:
    """What takes time there; measured over HTTP, no difference was seen either (docs/security.md)."""
    Visitor(ALICE_MAIL).ask(scene.drawn, ALICE)
    OneTimeCode.objects.update(created_at=timezone.now() - timedelta(hours=1))

    def work(contact: str) -> list[str]:
        visitor = Visitor(contact)
        typed = visitor.challenge("/my/")
        with CaptureQueriesContext(connection) as asked:
            answer = visitor.post("/my/", contact=contact, **typed)
        assert answer["Location"] == "/my/code/"
        return [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in asked.captured_queries]

    assert work(ALICE_MAIL) == work(BOB_MAIL)


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "²", "99999999999999999999"])
def test_a_length_that_is_no_number_is_no_error(scene: Scene, length: str) -> None:
    client = Client(raise_request_exception=False)
    answer = client.post("/antibot/webhook/sandbox/", b"{}", content_type="application/json", CONTENT_LENGTH=length)
    assert answer.status_code in {400, 413}


@pytest.mark.parametrize("path", ["/archives/copy-request/a%00b/code/", "/my/%00/", "/draws/%00/", "/admin/%00/"])
def test_an_address_with_a_nul_is_no_page(scene: Scene, path: str) -> None:
    client = Client(raise_request_exception=False)
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_addresses_that_lead_nowhere_fill_no_memory(scene: Scene, settings: Settings) -> None:
    settings.PAGE_MEMORY_SECONDS = 1
    pages.forget()
    for number in range(30):
        assert Client().get(f"/posts/dz-alg/nothing-{number}/slots.json").status_code == 404
    assert not pages._making
    assert Client().get("/posts/dz-alg/passport/slots.json").status_code == 200
    assert len(pages._making) == 1
    pages.forget()
