"""Vouchers: for people without a card that works on the internet."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from django.db import InternalError, connection, transaction
from django.test import Client
from django.utils import timezone

from antibot import doors
from antibot.actions.import_vouchers import BadVoucherListError, digests_in, import_vouchers
from antibot.actions.pay_voucher import VoucherRefusal, normal_voucher, pay_with_voucher, voucher_digest
from antibot.actions.refund_charges import refund_due_charges
from antibot.models import Charge, OutboxEvent, Voucher, VoucherBatch
from tests.antibot.conftest import asked
from tests.antibot.racing import at_once

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def make_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


def batch(*codes: str, amount: int = 2900, post: str = "", days: int = 30) -> VoucherBatch:
    made = VoucherBatch.objects.create(
        label=make_code(),
        amount_cents=amount,
        currency="EUR",
        post_key=post,
        valid_until=(timezone.now() + timedelta(days=days)).date(),
        imported_at=timezone.now(),
    )
    import_vouchers(made, [voucher_digest(code) for code in codes])
    return made


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("abcd-efgh-jkmn-pqrs", "ABCDEFGHJKMNPQRS"),
        (" abcd efgh\u00a0jkmn pqrs ", "ABCDEFGHJKMNPQRS"),
        ("oil0-0000-0000-000l", "0110000000000001"),
        ("٠١٢٣-٤٥٦٧-٨٩٠١-٢٣٤٥", "0123456789012345"),
        ("ABCD", None),
        ("UUUUUUUUUUUUUUUU", None),
        ("\x00" * 16, None),
    ],
)
def test_codes_as_people_type_them(typed: str, code: str | None) -> None:
    assert normal_voucher(typed) == code


@pytest.mark.django_db
def test_pay_refund_and_use_again() -> None:
    code = make_code()
    batch(code)
    payment = asked()
    assert pay_with_voucher(payment.pk, code.lower(), timezone.now()) is None
    assert doors.payment_state("booking-1") is doors.PaymentState.PAID
    assert pay_with_voucher(asked("booking-2").pk, code, timezone.now()) is VoucherRefusal.USED
    doors.refund("booking-1", "cancelled", timezone.now())
    assert refund_due_charges(timezone.now()) == 1
    assert doors.payment_state("booking-1") is doors.PaymentState.REFUNDED
    assert pay_with_voucher(asked("booking-2").pk, code, timezone.now()) is None
    assert list(OutboxEvent.objects.order_by("pk").values_list("kind", "subject")) == [
        ("paid", "booking-1"),
        ("refunded", "booking-1"),
        ("paid", "booking-2"),
    ]


@pytest.mark.django_db
def test_refusals() -> None:
    right, dear, old, elsewhere = make_code(), make_code(), make_code(), make_code()
    batch(right)
    batch(dear, amount=100)
    batch(old, days=-1)
    batch(elsewhere, post="ma-rba")
    payment = asked()
    now = timezone.now()
    assert pay_with_voucher(payment.pk, make_code(), now) is VoucherRefusal.UNKNOWN
    assert pay_with_voucher(payment.pk, elsewhere, now) is VoucherRefusal.UNKNOWN
    assert pay_with_voucher(payment.pk, dear, now) is VoucherRefusal.WRONG_VALUE
    assert pay_with_voucher(payment.pk, old, now) is VoucherRefusal.EXPIRED
    assert pay_with_voucher(payment.pk, right, payment.deadline) is VoucherRefusal.CLOSED
    assert Charge.objects.count() == 0
    assert not Voucher.objects.filter(uses__gt=0).exists()


@pytest.mark.django_db(transaction=True)
def test_control_looking_before_writing_takes_one_voucher_for_several_payments() -> None:
    """What a careless shop does: is it unused? then it is used now; nothing is locked in between."""
    code = make_code()
    batch(code)
    payments = [asked(f"booking-{number}").pk for number in range(8)]

    def careless(number: int) -> bool:
        voucher = Voucher.objects.get()
        if voucher.payment_id is not None:
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
        voucher.payment_id, voucher.used_at, voucher.uses = payments[number], timezone.now(), 1
        voucher.save()
        return True

    assert at_once(careless).count(True) > 1


@pytest.mark.django_db(transaction=True)
def test_one_voucher_pays_one_of_many_at_once() -> None:
    for _ in range(12):
        code = make_code()
        batch(code)
        payments = [asked(f"booking-{secrets.token_hex(4)}").pk for _ in range(8)]
        results = at_once(lambda n, c=code, p=payments: pay_with_voucher(p[n], c, timezone.now()))
        assert results.count(None) == 1, results
        assert results.count(VoucherRefusal.USED) == 7


@pytest.mark.django_db(transaction=True)
def test_two_vouchers_for_one_payment_at_once_spend_one() -> None:
    for _ in range(8):
        codes = [make_code() for _ in range(4)]
        batch(*codes)
        payment = asked(f"booking-{secrets.token_hex(4)}")
        results = at_once(lambda n, c=codes, p=payment: pay_with_voucher(p.pk, c[n], timezone.now()), count=4)
        assert results.count(None) == 1
        assert results.count(VoucherRefusal.CLOSED) == 3
    assert Voucher.objects.filter(payment__isnull=False).count() == 8


@pytest.mark.django_db
def test_lists_are_taken_whole_or_not_at_all() -> None:
    digest = voucher_digest(make_code())
    assert digests_in(f"\n{digest.upper()}\n") == [digest]
    for bad in ("", "x", f"{digest}\n{digest}", digest[:-1]):
        with pytest.raises(BadVoucherListError):
            digests_in(bad)
    made = batch()
    import_vouchers(made, [digest])
    with pytest.raises(BadVoucherListError):
        import_vouchers(made, [voucher_digest(make_code()), digest])
    assert Voucher.objects.count() == 1
    with pytest.raises(InternalError), transaction.atomic():
        Voucher.objects.update(code_hash=b"x" * 32)


@pytest.mark.django_db
def test_over_http_wrong_codes_count_and_the_right_one_pays(client: Client) -> None:
    code = make_code()
    batch(code)
    payment = asked()
    page = client.post(payment.pay_url, {"voucher": make_code()})
    assert page.status_code == 200
    assert "errorlist" in page.content.decode() or "error" in page.content.decode()
    assert doors.payment_state("booking-1") is doors.PaymentState.ASKED
    done = client.post(payment.pay_url, {"voucher": f"{code[:4]} {code[4:]}"}, follow=False)
    assert done.status_code == 302
    assert doors.payment_state("booking-1") is doors.PaymentState.PAID


@pytest.mark.django_db
def test_guessing_vouchers_over_http_ends_in_a_block(client: Client) -> None:
    payment = asked()
    statuses = [client.post(payment.pay_url, {"voucher": make_code()}).status_code for _ in range(30)]
    assert 429 in statuses
