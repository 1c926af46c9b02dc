"""What goes on while Valkey hangs, and what pages say while letters are late."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings as live_settings
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.sessions import SessionStore
from antibot.limits.counting import CountingAwayError, call, reconnect
from antibot.models import OneTimeCode
from appointments.models import Booking, Request
from mailroom import lateness, post
from mailroom.models import Letter
from mailroom.tasks import kick
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, BOB, BOB_MAIL, CHARLIE, CHARLIE_MAIL, Scene, open_slots
from tests.databases import maintenance
from vault.circuit import VALKEY

WAIT_SENTENCE = "New times cannot be taken for a moment."
LATE_SENTENCE = "Mail is late at the moment."


class Hung:
    """A Valkey that takes connections and never says a word; it counts them."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.asked = 0
        self.kept: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                taken, _ = self.socket.accept()
            except OSError:
                return
            self.asked += 1
            self.kept.append(taken)


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hung]:
    """Settings that lead to it; the pause is long, so that a slow machine does not ask twice within a test."""
    server = Hung()
    url = f"redis://127.0.0.1:{server.socket.getsockname()[1]}/0"
    caches = {"default": {**live_settings.CACHES["default"], "LOCATION": url}}
    monkeypatch.setattr(VALKEY, "pause_seconds", 120.0)
    with override_settings(REDIS_URL=url, CACHES=caches):
        reconnect()
        yield server
    reconnect()
    for one in [server.socket, *server.kept]:
        one.close()


def test_a_valkey_that_hangs_is_asked_once_by_limits_cache_and_kicks_together(hung: Hung) -> None:
    for _ in range(3):
        with pytest.raises(RedisError):
            cache.get("x")
        with pytest.raises(CountingAwayError):
            call("get", "x")
        kick()
    assert hung.asked == 1


def test_after_the_pause_one_asks_and_the_others_wait_for_its_answer(
    hung: Hung, monkeypatch: pytest.MonkeyPatch
) -> None:
    VALKEY.failed()
    monkeypatch.setattr(VALKEY, "_away_until", 0.0)
    assert [VALKEY.may_ask() for _ in range(3)] == [True, False, False]
    VALKEY.answered()
    assert VALKEY.may_ask()


def test_without_valkey_people_see_pay_and_cancel_what_they_hold(scene: Scene, hung: Hung) -> None:
    slots = open_slots(scene.first_come, 2)
    alice, bob = Visitor(ALICE_MAIL), Visitor(BOB_MAIL)
    VALKEY.answered()
    with override_settings(REDIS_URL=live_settings.CELERY_BROKER_URL, CACHES=_healthy()):
        reconnect()
        held = alice.hold(scene.first_come, slots[0].pk, ALICE)
        other = bob.hold(scene.first_come, slots[1].pk, BOB)
    reconnect()
    page = f"/my/{held.reference}/"
    assert alice.get(page).status_code == 200
    pay = alice.post(f"{page}pay/")["Location"]
    hosted = alice.post(pay, how="card")["Location"]
    assert alice.post(hosted, act="pay").status_code == 302
    alice.bank_tells()
    assert alice.client.get(f"{page}paid/", follow=True).status_code == 200
    assert Booking.objects.get(request=held).state == Booking.State.CONFIRMED
    OneTimeCode.objects.update(created_at=timezone.now() - timedelta(minutes=2))  # of a code no second one at once
    assert bob.post(f"/my/{other.reference}/cancel/").status_code == 302
    answer = bob.post(f"/my/{other.reference}/cancel/", code=bob.code())
    assert answer.status_code == 302
    assert Booking.objects.get(request=other).state == Booking.State.CANCELLED
    for path in ("/", "/posts/dz-alg/passport/", "/posts/dz-alg/passport/slots/", "/draws/", "/my/"):
        assert Client().get(path).status_code == 200, path
    assert hung.asked == 1


def _healthy() -> dict[str, object]:
    return {"default": {**live_settings.CACHES["default"], "LOCATION": live_settings.CELERY_BROKER_URL}}


def test_without_valkey_a_new_hold_waits_with_a_calm_sentence_and_a_request_for_a_draw_goes_on(
    scene: Scene, hung: Hung
) -> None:
    slot = open_slots(scene.first_come, 1)[0]
    charlie = Visitor(CHARLIE_MAIL)
    charlie.ready(scene.first_come, CHARLIE)
    answer = charlie.post(charlie.step("slots"), slot=slot.pk)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert WAIT_SENTENCE in answer.content.decode()
    assert not Booking.objects.exists()
    with override_settings(CACHES=_healthy(), REDIS_URL=live_settings.CELERY_BROKER_URL):
        reconnect()
        assert charlie.post(charlie.step("slots"), slot=slot.pk).status_code == 302
    reconnect()
    assert Visitor(ALICE_MAIL).ask(scene.drawn, ALICE).state == Request.State.STANDING


def _waiting(error: str, *, minutes: int = 5, due_in: int = 5) -> None:
    now = timezone.now()
    letter = post.enqueue("booking_confirmed", "X")
    assert letter is not None
    Letter.objects.filter(pk=letter.pk).update(
        created_at=now - timedelta(minutes=minutes), not_before=now + timedelta(minutes=due_in), last_error=error
    )
    lateness.forget()


def test_the_page_that_promises_a_letter_says_when_letters_are_late(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    contact = alice.step("contact")
    alice.post(contact, contact=ALICE_MAIL, **alice.challenge(contact))
    assert LATE_SENTENCE not in alice.get(alice.step("code")).content.decode()
    _waiting("ConnectionRefusedError")
    assert LATE_SENTENCE in alice.get(alice.step("code")).content.decode()
    french = alice.client.get(alice.step("code"), headers={"accept-language": "fr"}).content.decode()
    assert "Les messages partent avec du retard" in french


@pytest.mark.parametrize(
    ("error", "minutes", "due_in", "late"),
    [
        ("TimeoutError", 5, 5, True),
        ("", 5, -3, True),  # due, and nobody has tried: no worker
        ("ConnectionRefusedError", 1, 5, False),
        ("SMTPRecipientsRefused", 600, 5, False),  # one person's wrong address is nobody else's trouble
        ("", 600, 5, False),  # a reminder for later
    ],
)
def test_only_a_server_or_a_worker_that_is_away_makes_letters_late(
    db: None, error: str, minutes: int, due_in: int, late: bool
) -> None:
    _waiting(error, minutes=minutes, due_in=due_in)
    assert lateness.letters_are_late(timezone.now()) is late


def test_the_outbox_is_asked_once_in_a_while_however_many_pages_want_to_know(
    db: None, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert not any(lateness.letters_are_late(timezone.now()) for _ in range(5))


def test_a_database_that_goes_away_before_the_session_is_saved_is_no_deleted_session(transactional_db: None) -> None:
    """Or a page would say "nothing was changed" after the view has committed."""
    session = SessionStore()
    session["a"] = 1
    session.save()
    pid = connection.connection.info.backend_pid
    with maintenance() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    session["a"] = 2
    with pytest.raises(OperationalError):
        session.save()
    connection.close()
