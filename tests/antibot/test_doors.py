"""The doors as the applicant pages use them."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from antibot import doors
from tests.antibot.conftest import SCOPE, MakeRequest, asked, digits_of, key_in, last_code, letters_of, new_session


def test_a_visitor_may_proceed(visitor: MakeRequest) -> None:
    assert doors.may_proceed(visitor(), "apply", SCOPE) is None


def test_the_challenge_accepts_letters_once(visitor: MakeRequest) -> None:
    shown = str(doors.challenge_form(visitor(method="get"), SCOPE))
    key = key_in(shown)
    answer = {"captcha_key": key, "captcha_answer": " " + " ".join(letters_of(key).lower())}
    assert doors.challenge_form(visitor(), SCOPE, answer).is_valid()
    again = doors.challenge_form(visitor(), SCOPE, answer)
    assert not again.is_valid()
    assert "used or has expired" in str(again) or "expiré" in str(again)


def test_the_challenge_accepts_spoken_digits_of_an_arabic_keyboard(visitor: MakeRequest) -> None:
    key = key_in(str(doors.challenge_form(visitor(method="get"), SCOPE)))
    typed = digits_of(key).translate({ord("0") + n: ord("٠") + n for n in range(10)})
    assert doors.challenge_form(visitor(), SCOPE, {"captcha_key": key, "captcha_answer": typed}).is_valid()


@pytest.mark.parametrize("change", ["session", "purpose", "scope"])
def test_a_challenge_fits_only_what_it_was_made_for(visitor: MakeRequest, change: str) -> None:
    key = key_in(str(doors.challenge_form(visitor(method="get"), SCOPE)))
    answer = {"captcha_key": key, "captcha_answer": letters_of(key)}
    request = visitor(session=new_session() if change == "session" else None)
    scope = "dz-orn/visa" if change == "scope" else SCOPE
    purpose = "report" if change == "purpose" else "apply"
    assert not doors.challenge_form(request, scope, answer, purpose=purpose).is_valid()
    assert doors.challenge_form(visitor(), SCOPE, answer).is_valid()


def test_asking_for_another_picture_is_no_failure(visitor: MakeRequest) -> None:
    form = doors.challenge_form(visitor(), SCOPE, {"captcha_refresh": "1"})
    assert not form.is_valid()
    assert 'role="alert"' not in str(form)


def test_one_code_opens_thirty_minutes(visitor: MakeRequest) -> None:
    assert doors.verified_contact(visitor()) is None
    assert doors.send_code(visitor(), " Alice@Example.org ", "apply", SCOPE, "fr") is None
    code = last_code()
    assert doors.check_code(visitor(), "alice@example.org", f" {code[:3]} {code[3:]} ", "apply") is None
    assert doors.verified_contact(visitor()) == "alice@example.org"
    assert doors.verified_contact(visitor(session=new_session())) is None
    assert doors.verified_contact(visitor(), "cancel") is None


@pytest.mark.django_db(transaction=True)
def test_payment_through_the_sandbox_page() -> None:
    payment = asked()
    assert asked().pk == payment.pk
    client = Client()
    answer = client.post(payment.pay_url, {"how": "card"})
    assert answer.status_code == 302
    page = client.get(answer["Location"])
    assert page.status_code == 200
    client.post(answer["Location"], {"act": "pay"})
    from antibot.models import SandboxNotice
    from antibot.payments.sandbox import SIGNATURE_HEADER, sign

    notice = SandboxNotice.objects.get()
    body = notice.body.encode()
    for _ in range(2):
        told = client.post(
            "/antibot/webhook/sandbox/",
            body,
            content_type="application/json",
            headers={SIGNATURE_HEADER: sign(body, int(timezone.now().timestamp()))},
        )
        assert told.status_code == 200
    assert doors.payment_state("booking-1") is doors.PaymentState.PAID
    with transaction.atomic():
        events = doors.take_events(10, timezone.now())
    assert [event.kind for event in events] == ["paid"]
    with transaction.atomic():
        assert doors.take_events(10, timezone.now()) == []
    doors.refund("booking-1", "cancelled", timezone.now())
    from antibot.actions.refund_charges import refund_due_charges

    assert refund_due_charges(timezone.now()) == 1
    assert doors.payment_state("booking-1") is doors.PaymentState.REFUNDED
