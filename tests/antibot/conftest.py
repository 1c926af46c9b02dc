"""A visitor without an account, and the small steps that every test of antibot takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from captcha.models import CaptchaStore
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from antibot import doors
from antibot.limits.counting import reconnect
from antibot.models import Payment
from antibot.queries.policies import forget
from mailroom.models import Letter

SCOPE = "dz-alg/visa"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """What a process remembers must not reach the next test."""
    forget()
    reconnect()
    yield
    forget()


MakeRequest = Callable[..., HttpRequest]


@pytest.fixture
def visitor(db: None, rf: RequestFactory) -> MakeRequest:
    """Requests of one session; other arguments make other people: `visitor(session=…, address=…, method=…)`."""
    own = SessionStore()
    own.create()

    def make(
        *,
        session: SessionStore | None = None,
        address: str = "198.51.100.7",
        method: str = "post",
        data: dict | None = None,
    ) -> HttpRequest:
        request = getattr(rf, method)("/", data or {}, REMOTE_ADDR=address)
        request.session = session or own
        return request

    return make


def new_session() -> SessionStore:
    store = SessionStore()
    store.create()
    return store


def letters_of(key: str) -> str:
    return CaptchaStore.objects.get(hashkey=key).challenge.partition(":")[0]


def digits_of(key: str) -> str:
    return CaptchaStore.objects.get(hashkey=key).challenge.partition(":")[2]


def last_code() -> str:
    return str(Letter.objects.filter(kind="one_time_code").latest("pk").payload["code"])


def key_in(html: str) -> str:
    found = re.search(r'name="captcha_key" value="([0-9a-f]{40})"', html)
    assert found is not None, html[:500]
    return found.group(1)


@pytest.fixture
def browser_like(db: None) -> Client:
    return Client(enforce_csrf_checks=False, REMOTE_ADDR="198.51.100.7")


def asked(subject: str = "booking-1", *, amount: int = 2900, hours: float = 72) -> Payment:
    now = timezone.now()
    return doors.ask_payment(
        subject, SCOPE, amount, "EUR", "Service fee, Algiers", "fr", "/booking/1/", now + timedelta(hours=hours), now
    )
