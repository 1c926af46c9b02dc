"""Demands for payment: fixed terms, the states of the table, deadlines, refunds, and news in order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import DisallowedHost
from django.db import IntegrityError, InternalError, transaction
from django.db.models import F
from django.utils import timezone

from antibot import doors
from antibot.actions.expire_payments import GRACE, expire_payments
from antibot.actions.receive_notice import receive_notice
from antibot.actions.refund_charges import refund_due_charges
from antibot.models import Charge, OutboxEvent, Payment, PaymentEvent
from tests.antibot.conftest import SCOPE, asked
from tests.antibot.paying import events, paid, settle


@pytest.mark.django_db
class TestDemands:
    def test_one_demand_per_subject_with_fixed_terms(self) -> None:
        payment = asked()
        assert asked() == payment
        with pytest.raises(doors.TermsChangedError):
            asked(amount=1)
        for change in ({"amount_cents": 1}, {"currency": "USD"}, {"deadline": F("deadline") + timedelta(days=9)}):
            with pytest.raises(InternalError), transaction.atomic():
                Payment.objects.filter(pk=payment.pk).update(**change)

    def test_states_move_as_the_table_says_and_nowhere_else(self) -> None:
        payment = asked()
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(
                state="refunded", paid_at=timezone.now(), refunded_at=timezone.now()
            )
        doors.withdraw_payment("booking-1")
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(state="paid", paid_at=timezone.now())

    def test_money_received_cannot_be_changed_or_deleted(self) -> None:
        receive_notice("sandbox", paid(asked()), timezone.now())
        for act in (
            lambda: Charge.objects.update(amount_cents=1),
            lambda: Charge.objects.all().delete(),
            lambda: PaymentEvent.objects.all().delete(),
            lambda: PaymentEvent.objects.update(amount_cents=1),
            lambda: Charge.objects.update(state="kept", payment=None),
        ):
            with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
                act()

    @pytest.mark.parametrize(
        "url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "x", "/\\evil.example"]
    )
    def test_people_are_never_sent_to_another_site(self, url: str) -> None:
        now = timezone.now()
        with pytest.raises(DisallowedHost):
            doors.ask_payment("s", SCOPE, 100, "EUR", "x", "fr", url, now + timedelta(hours=1), now)

    def test_money_paid_in_time_counts_within_the_grace_and_later_goes_back(self) -> None:
        payment = asked(hours=1)
        now = payment.deadline + timedelta(minutes=5)
        assert expire_payments(now) == 0
        receive_notice("sandbox", paid(payment, occurred_at=payment.deadline - timedelta(seconds=5)), now)
        assert doors.payment_state("booking-1") is doors.PaymentState.PAID
        other = asked("booking-2", hours=1)
        assert expire_payments(other.deadline + GRACE) == 1
        receive_notice("sandbox", paid(other, "ch_2", "evt_2", occurred_at=other.deadline), other.deadline + GRACE)
        assert Charge.objects.get(reference="ch_2").refund_reason == "late"
        settle()
        assert doors.payment_state("booking-2") is doors.PaymentState.EXPIRED
        assert OutboxEvent.objects.latest("pk").data == {"reason": "late", "surplus": True}

    def test_paying_twice_keeps_once(self) -> None:
        payment = asked()
        receive_notice("sandbox", paid(payment), timezone.now())
        receive_notice("sandbox", paid(payment, "ch_2", "evt_2"), timezone.now())
        settle()
        assert sorted(Charge.objects.values_list("state", "refund_reason")) == [("kept", ""), ("refunded", "twice")]
        assert doors.payment_state("booking-1") is doors.PaymentState.PAID

    def test_refund_is_asked_once_and_sent_once(self) -> None:
        receive_notice("sandbox", paid(asked()), timezone.now())
        for _ in range(3):
            doors.refund("booking-1", "cancelled", timezone.now())
        assert refund_due_charges(timezone.now()) == 1
        assert refund_due_charges(timezone.now() + timedelta(days=2)) == 0
        assert doors.payment_state("booking-1") is doors.PaymentState.REFUNDED
        assert events() == ["paid", "refunded"]

    def test_events_come_in_order_per_subject_and_wait_for_a_commit(self) -> None:
        receive_notice("sandbox", paid(asked()), timezone.now())
        doors.refund("booking-1", "cancelled", timezone.now())
        settle()
        with transaction.atomic():
            assert [event.kind for event in doors.take_events(9, timezone.now())] == ["paid"]
            transaction.set_rollback(True)
        with transaction.atomic():
            assert [event.kind for event in doors.take_events(9, timezone.now())] == ["paid"]
        with transaction.atomic():
            assert [event.kind for event in doors.take_events(9, timezone.now())] == ["refunded"]
