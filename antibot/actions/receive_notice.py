"""Book what a gateway reports: each message once, in whatever order they come."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from antibot.domain.payment_states import OPEN_STATES, ChargeState, PaymentState, RefundReason, verdict_on_money
from antibot.models import Charge, OutboxEvent, Payment, PaymentEvent
from antibot.payments.interface import Notice, NoticeKind
from vault.index import blind_index
from vault.rows import Statement, changing, first, insert, insertion, together, written

log = logging.getLogger(__name__)
Outcome = PaymentEvent.Outcome
# A gateway whose clock runs ahead of ours must not make a punctual payment late, nor the reverse.
CLOCK_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class _Seen:
    """What was booked before, read once the payment is locked."""

    message: bool
    charge: bool
    early_refund: str | None  # the message of a refund that came before its payment


_LOOK = """
    SELECT EXISTS (SELECT FROM antibot_paymentevent WHERE gateway = %(gateway)s AND event_id = %(event)s),
           EXISTS (SELECT FROM antibot_charge WHERE gateway = %(gateway)s AND reference = %(charge)s),
           (SELECT event_id FROM antibot_paymentevent
             WHERE gateway = %(gateway)s AND charge_reference = %(charge)s AND outcome = 'waiting'
             ORDER BY received_at DESC LIMIT 1)
"""
_CLOSE = "UPDATE antibot_checkout SET closed_at = %s WHERE payment_id = %s AND closed_at IS NULL"


def _locked_payment(gateway: str, notice: Notice) -> Payment | None:
    try:
        payment = first(Payment, "WHERE public_id = %s FOR UPDATE", [uuid.UUID(notice.payment_reference)])
    except ValueError:
        payment = None
    if payment is None and notice.charge_reference:
        known = Charge.objects.filter(gateway=gateway, reference=notice.charge_reference).first()
        if known is not None and known.payment_id is not None:
            payment = Payment.objects.select_for_update().get(pk=known.payment_id)
    return payment


def _look(gateway: str, notice: Notice) -> _Seen:
    # Not together with the lock: whoever had to wait for it has to see what the other one booked.
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"gateway": gateway, "event": notice.event_id, "charge": notice.charge_reference})
        return _Seen(*cursor.fetchone())


def _said(payment: Payment, kind: str, now: datetime, amount_cents: int | None = None, **data: object) -> OutboxEvent:
    """What the owner of a payment's subject has to hear."""
    return OutboxEvent(
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

    The payment is locked first, so that messages about one payment are booked one after the other. All that a message
    leads to is then written by one statement, however many tables that touches.
    """
    payment = _locked_payment(gateway, notice)
    seen = _look(gateway, notice)
    if seen.message:
        return None
    charge, outcome, writes = None, Outcome.IGNORED, []
    if notice.kind is NoticeKind.PAID and notice.amount_cents > 0 and notice.charge_reference and not seen.charge:
        # Otherwise it is no money, or another message about money that is booked already.
        charge = _charge(gateway, payment, notice, now)
        outcome = Outcome.KEPT if charge.state == ChargeState.KEPT else Outcome.RETURNED
        writes = [insertion(charge), *_settled(payment, charge, now)]
    elif notice.kind is NoticeKind.REFUSED and payment is not None:
        outcome, writes = _refused(payment, now)
    elif notice.kind is NoticeKind.REFUNDED:
        outcome = _refunded(gateway, notice, now)
    event = _event(gateway, payment, notice, outcome, now)
    # Two workers with one message of an unknown payment hold no common lock: the unique constraint is the judge, and
    # its refusal rolls the whole of the second booking back.
    keys = together(*writes, insertion(event))
    written(event, keys[-1])
    if charge is not None:
        written(charge, keys[0])
        if seen.early_refund is not None:
            settle_refund(charge, seen.early_refund, now)
        elif charge.state != ChargeState.KEPT:
            _kick_after_commit()
    log.info("payment_notice", extra={"gateway": gateway, "kind": event.kind, "outcome": outcome})
    return event


def _event(gateway: str, payment: Payment | None, notice: Notice, outcome: Outcome, now: datetime) -> PaymentEvent:
    return PaymentEvent(
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


def _charge(gateway: str, payment: Payment | None, notice: Notice, now: datetime) -> Charge:
    """The money of a message, kept or on its way back."""
    state = PaymentState(payment.state) if payment else PaymentState.EXPIRED
    charge_state, reason = verdict_on_money(
        state,
        in_time=payment is not None and notice.occurred_at <= payment.deadline + CLOCK_SKEW,
        exact=payment is not None
        and (notice.amount_cents, notice.currency) == (payment.amount_cents, payment.currency),
        known=payment is not None,
    )
    return Charge(
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


def _settled(payment: Payment | None, charge: Charge, now: datetime) -> list[Statement]:
    """The demand is paid, where its money is kept."""
    if payment is None or charge.state != ChargeState.KEPT:
        return []
    payment.state, payment.paid_at = PaymentState.PAID, now
    return [
        changing(payment, "state", "paid_at"),
        (_CLOSE, [now, payment.pk]),
        insertion(_said(payment, OutboxEvent.Kind.PAID, now)),
    ]


def _refused(payment: Payment, now: datetime) -> tuple[Outcome, list[Statement]]:
    closed: Statement = (_CLOSE, [now, payment.pk])
    if payment.state not in OPEN_STATES:
        return Outcome.IGNORED, [closed]
    if payment.state == PaymentState.REFUSED:
        return Outcome.REFUSED, [closed]
    payment.state = PaymentState.REFUSED
    said = insertion(_said(payment, OutboxEvent.Kind.REFUSED, now))
    return Outcome.REFUSED, [closed, changing(payment, "state"), said]


def _refunded(gateway: str, notice: Notice, now: datetime) -> Outcome:
    charge = Charge.objects.select_for_update().filter(gateway=gateway, reference=notice.charge_reference).first()
    if charge is None:
        return Outcome.WAITING
    return Outcome.REFUNDED if settle_refund(charge, notice.event_id, now) else Outcome.IGNORED


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
    surplus = {"reason": charge.refund_reason, "surplus": not own}
    insert(_said(payment, OutboxEvent.Kind.REFUNDED, now, charge.amount_cents, **surplus))
    return True


def _kick_after_commit() -> None:
    from antibot.tasks import kick_money

    transaction.on_commit(kick_money, robust=True)
