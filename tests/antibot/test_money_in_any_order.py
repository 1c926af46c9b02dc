"""Money in any order and by several hands at once: each message once, and what the tables say always agrees."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antibot import doors
from antibot.actions.expire_payments import GRACE, expire_payments
from antibot.actions.receive_notice import receive_notice
from antibot.actions.refund_charges import refund_due_charges
from antibot.models import Charge, OutboxEvent, Payment, PaymentEvent
from antibot.payments.interface import NoticeKind
from antibot.queries.reconciliation import disagreements
from tests.antibot.conftest import asked
from tests.antibot.paying import paid, settle
from tests.antibot.racing import at_once


@pytest.fixture
def tasks_loaded() -> None:
    """Celery reads every app's tasks at its first use, and a library of theirs raises the recursion limit."""
    from visa_booking.celery import beat_schedule

    beat_schedule()


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("paid"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("wrong"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("late"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("refunded"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("refused"), st.integers(0, 3), st.booleans()),
        st.tuples(st.sampled_from(["withdraw", "refund", "expire", "send", "consume"]), st.just(0), st.just(False)),
    ),
    max_size=14,
)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_any_interleaving_agrees(tasks_loaded: None, acts: list[tuple[str, int, bool]]) -> None:
    """Payments, repeats, refunds, refusals, withdrawals and expiry in any order: nothing lost, nothing kept twice."""
    subject = f"booking-{uuid.uuid4().hex}"
    payment = asked(subject, hours=1)
    heard: list[tuple[str, bool]] = []
    for number, (act, charge, repeat) in enumerate(acts):
        play(payment, subject, act, f"{subject}-{charge}", f"{subject}-{number}", heard)
        if repeat:
            play(payment, subject, act, f"{subject}-{charge}", f"{subject}-{number}", heard)
    settle()
    while OutboxEvent.objects.filter(consumed_at__isnull=True).exists():
        play(payment, subject, "consume", "", "", heard)
    payment.refresh_from_db()
    charges = list(Charge.objects.filter(payment=payment))
    kept = [charge for charge in charges if charge.state == "kept"]
    assert len(kept) == (payment.state == "paid")
    assert all((charge.amount_cents, charge.currency) == (2900, "EUR") for charge in kept)
    assert {charge.state for charge in charges} <= {"kept", "refunded"}
    assert heard.count(("paid", False)) == (payment.paid_at is not None)
    own_refunds = heard.count(("refunded", False))
    assert own_refunds == (payment.state == "refunded")
    assert heard.count(("refunded", True)) == sum(charge.state == "refunded" for charge in charges) - own_refunds
    if own_refunds:
        assert heard.index(("paid", False)) < heard.index(("refunded", False))
    assert list(disagreements(timezone.now())) == []


def play(payment: Payment, subject: str, act: str, charge: str, event: str, heard: list[tuple[str, bool]]) -> None:
    now = timezone.now()
    if act == "paid":
        receive_notice("sandbox", paid(payment, charge, event), now)
    elif act == "wrong":
        receive_notice("sandbox", paid(payment, charge, event, amount_cents=1), now)
    elif act == "late":
        receive_notice("sandbox", paid(payment, charge, event, occurred_at=payment.deadline + timedelta(hours=1)), now)
    elif act in {"refunded", "refused"}:
        receive_notice("sandbox", paid(payment, charge, event, kind=NoticeKind(act)), now)
    elif act == "withdraw":
        doors.withdraw_payment(subject)
    elif act == "refund":
        doors.refund(subject, "cancelled", now)
    elif act == "expire":
        expire_payments(payment.deadline + GRACE)
    elif act == "send":
        refund_due_charges(now + timedelta(hours=12))
    elif act == "consume":
        with transaction.atomic():
            heard += [(e.kind, bool(e.data.get("surplus"))) for e in doors.take_events(50, now) if e.subject == subject]


@pytest.mark.django_db(transaction=True)
def test_one_webhook_in_parallel_is_booked_once() -> None:
    for index in range(15):
        payment = asked(f"booking-{index}")
        note = paid(payment, f"ch_{index}", f"evt_{index}")
        results = at_once(lambda _n, n=note: receive_notice("sandbox", n, timezone.now()))
        assert sum(isinstance(result, PaymentEvent) for result in results) == 1, results
    assert OutboxEvent.objects.filter(kind="paid").count() == 15


@pytest.mark.django_db(transaction=True)
def test_control_check_then_insert_without_lock_and_constraint_books_twice() -> None:
    from antibot.models import DisposableDomain

    def careless(number: int) -> bool:
        if DisposableDomain.objects.filter(note="evt_1").exists():
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
        DisposableDomain.objects.create(domain=f"{number}.example", note="evt_1")
        return True

    assert at_once(careless).count(True) > 1


@pytest.mark.django_db(transaction=True)
def test_payment_and_withdrawal_at_once_agree() -> None:
    """Either the money was faster and the owner hears so, or the demand ended and the money goes back."""
    for index in range(15):
        payment = asked(f"booking-{index}")
        note = paid(payment, f"ch_{index}", f"evt_{index}")
        results = at_once(
            lambda n, m=note, i=index: (
                receive_notice("sandbox", m, timezone.now()) if n else doors.withdraw_payment(f"booking-{i}")
            ),
            count=2,
        )
        charge = Charge.objects.get(payment=payment)
        assert (results[0] is doors.PaymentState.PAID) == (charge.state == "kept"), results


@pytest.mark.django_db(transaction=True)
def test_two_consumers_share_the_events() -> None:
    for index in range(20):
        receive_notice("sandbox", paid(asked(f"booking-{index}"), f"ch_{index}", f"evt_{index}"), timezone.now())

    def consume(_number: int) -> list[str]:
        with transaction.atomic():
            return [event.subject for event in doors.take_events(10, timezone.now())]

    taken = [subject for result in at_once(consume, 4) for subject in result]
    assert len(taken) == len(set(taken))
