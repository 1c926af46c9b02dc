"""Book what a gateway reports: each message once, in whatever order they come."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction

from antibot.domain.payment_states import OPEN_STATES, ChargeState, PaymentState, RefundReason, verdict_on_money
from antibot.models import Charge, Checkout, OutboxEvent, Payment, PaymentEvent
from antibot.payments.interface import Notice, NoticeKind
from vault.index import blind_index

log = logging.getLogger(__name__)
Outcome = PaymentEvent.Outcome
# A gateway whose clock runs ahead of ours must not make a punctual payment late, nor the reverse.
CLOCK_SKEW = timedelta(seconds=60)


def _locked_payment(reference: str) -> Payment | None:
    try:
        public_id = uuid.UUID(reference)
    except ValueError:
        return None
    return Payment.objects.select_for_update().filter(public_id=public_id).first()


def write_event(payment: Payment, kind: str, now: datetime, amount_cents: int | None = None, **data: object) -> None:
    """Say something about a payment to the owner of its subject."""
    OutboxEvent.objects.create(
        kind=kind,
        subject=payment.subject,
        scope_key=payment.scope_key,
        amount_cents=payment.amount_cents if amount_cents is None else amount_cents,
        currency=payment.currency,
        data=data,
        created_at=now,
    )


@transaction.atomic
def receive_notice(gateway: str, notice: Notice, now: datetime) -> PaymentEvent | None:
    """Book a verified message. None where it was booked before.

    The payment is locked first, so that messages about one payment are booked one after the other.
    """
    payment = _locked_payment(notice.payment_reference)
    if payment is None and notice.charge_reference:
        known = Charge.objects.filter(gateway=gateway, reference=notice.charge_reference).first()
        if known is not None and known.payment_id is not None:
            payment = Payment.objects.select_for_update().get(pk=known.payment_id)
    if PaymentEvent.objects.filter(gateway=gateway, event_id=notice.event_id).exists():
        return None
    outcome = _book(gateway, payment, notice, now)
    # Two workers with one message of an unknown payment hold no common lock: the unique constraint is the judge, and
    # its refusal rolls the whole of the second booking back.
    event = PaymentEvent.objects.create(
        payment=payment,
        gateway=gateway,
        event_id=notice.event_id,
        kind=notice.raw_kind or str(notice.kind),
        charge_reference=notice.charge_reference,
        amount_cents=notice.amount_cents,
        currency=notice.currency[:3],
        outcome=outcome,
        occurred_at=notice.occurred_at,
        received_at=now,
    )
    log.info("payment_notice", extra={"gateway": gateway, "kind": event.kind, "outcome": outcome})
    return event


def _book(gateway: str, payment: Payment | None, notice: Notice, now: datetime) -> str:
    if notice.kind is NoticeKind.PAID:
        return _paid(gateway, payment, notice, now)
    if notice.kind is NoticeKind.REFUSED:
        return _refused(payment, now)
    if notice.kind is NoticeKind.REFUNDED:
        return _refunded(gateway, notice, now)
    return Outcome.IGNORED


def _paid(gateway: str, payment: Payment | None, notice: Notice, now: datetime) -> str:
    if notice.amount_cents <= 0 or not notice.charge_reference:
        return Outcome.IGNORED
    if Charge.objects.filter(gateway=gateway, reference=notice.charge_reference).exists():
        return Outcome.IGNORED  # another message about money that is booked already
    state = PaymentState(payment.state) if payment else PaymentState.EXPIRED
    charge_state, reason = verdict_on_money(
        state,
        in_time=payment is not None and notice.occurred_at <= payment.deadline + CLOCK_SKEW,
        exact=payment is not None
        and (notice.amount_cents, notice.currency) == (payment.amount_cents, payment.currency),
        known=payment is not None,
    )
    charge = Charge.objects.create(
        payment=payment,
        gateway=gateway,
        reference=notice.charge_reference,
        amount_cents=notice.amount_cents,
        currency=notice.currency,
        state=charge_state,
        refund_reason=reason or "",
        refund_not_before=now if reason else None,
        instrument_index=blind_index("antibot.instrument", notice.instrument) if notice.instrument else None,
        received_at=now,
    )
    if payment is not None and reason is None:
        payment.state, payment.paid_at = PaymentState.PAID, now
        payment.save(update_fields=["state", "paid_at"])
        Checkout.objects.filter(payment=payment, closed_at__isnull=True).update(closed_at=now)
        write_event(payment, OutboxEvent.Kind.PAID, now)
    _apply_waiting_refund(gateway, charge, now)
    if reason is not None and charge.state != ChargeState.REFUNDED:
        _kick_after_commit()
    return Outcome.KEPT if reason is None else Outcome.RETURNED


def _refused(payment: Payment | None, now: datetime) -> str:
    if payment is None:
        return Outcome.IGNORED
    Checkout.objects.filter(payment=payment, closed_at__isnull=True).update(closed_at=now)
    if payment.state not in OPEN_STATES:
        return Outcome.IGNORED
    if payment.state != PaymentState.REFUSED:
        payment.state = PaymentState.REFUSED
        payment.save(update_fields=["state"])
        write_event(payment, OutboxEvent.Kind.REFUSED, now)
    return Outcome.REFUSED


def _refunded(gateway: str, notice: Notice, now: datetime) -> str:
    charge = Charge.objects.select_for_update().filter(gateway=gateway, reference=notice.charge_reference).first()
    if charge is None:
        return Outcome.WAITING
    return Outcome.REFUNDED if settle_refund(charge, notice.event_id, now) else Outcome.IGNORED


def _apply_waiting_refund(gateway: str, charge: Charge, now: datetime) -> None:
    early = PaymentEvent.objects.filter(
        gateway=gateway, charge_reference=charge.reference, outcome=Outcome.WAITING
    ).first()
    if early is not None:
        settle_refund(charge, early.event_id, now)


def settle_refund(charge: Charge, refund_reference: str, now: datetime) -> bool:
    """The money of `charge` is back with the person. The payment follows where its own money went back.

    The caller holds the lock on the payment (or on the charge of an unknown one). False where it was settled before.
    """
    if charge.state == ChargeState.REFUNDED:
        return False
    own = charge.state == ChargeState.KEPT or charge.refund_reason.startswith(RefundReason.ASKED)
    if charge.state == ChargeState.KEPT:
        # Refunded in the gateway's own pages, without our asking.
        charge.state, charge.refund_reason = ChargeState.REFUND_DUE, RefundReason.ASKED
        charge.save(update_fields=["state", "refund_reason"])
    charge.state, charge.refunded_at, charge.refund_reference = ChargeState.REFUNDED, now, refund_reference
    charge.save(update_fields=["state", "refunded_at", "refund_reference"])
    if charge.payment_id is None:
        return True
    payment = Payment.objects.select_for_update().get(pk=charge.payment_id)
    if own:
        if payment.state == PaymentState.PAID:
            payment.state = PaymentState.REFUND_DUE
            payment.save(update_fields=["state"])
        payment.state, payment.refunded_at = PaymentState.REFUNDED, now
        payment.save(update_fields=["state", "refunded_at"])
    write_event(
        payment, OutboxEvent.Kind.REFUNDED, now, charge.amount_cents, reason=charge.refund_reason, surplus=not own
    )
    return True


def _kick_after_commit() -> None:
    from antibot.tasks import kick_money

    transaction.on_commit(kick_money, robust=True)
