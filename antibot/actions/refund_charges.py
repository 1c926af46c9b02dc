"""Send money back: asked for by the owner of a subject, or because it should not have come."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from antibot.actions.receive_notice import settle_refund
from antibot.actions.take_at_till import TILLS
from antibot.domain.payment_states import ChargeState, PaymentState, RefundReason
from antibot.models import Charge, Payment, Voucher
from antibot.payments.interface import GatewayAwayError
from antibot.payments.registry import gateway_named

log = logging.getLogger(__name__)
LONGEST_PAUSE = timedelta(hours=6)


@transaction.atomic
def ask_refund(subject: str, reason: str, now: datetime) -> bool:
    """Make the kept money of `subject` due for refund. False where there is none; a repetition changes nothing.

    A demand that is still open is withdrawn, so that money on its way comes back too.
    """
    payment = Payment.objects.select_for_update().filter(subject=subject).first()
    if payment is None:
        return False
    if payment.state in {PaymentState.ASKED, PaymentState.REFUSED}:
        payment.state = PaymentState.EXPIRED
        payment.save(update_fields=["state"])
        return False
    if payment.state != PaymentState.PAID:
        return False
    payment.state, payment.refund_reason = PaymentState.REFUND_DUE, reason[:200]
    payment.save(update_fields=["state", "refund_reason"])
    Charge.objects.filter(payment=payment, state=ChargeState.KEPT).update(
        state=ChargeState.REFUND_DUE, refund_reason=f"{RefundReason.ASKED}: {reason}"[:200], refund_not_before=now
    )
    from antibot.tasks import kick_money

    transaction.on_commit(kick_money, robust=True)
    return True


def refund_due_charges(now: datetime, limit: int = 100) -> int:
    """Send back what is due; a gateway that is away is tried again with growing pauses. Returns how many are done."""
    done = 0
    for _index in range(limit):
        charge = _claim(now)
        if charge is None:
            break
        done += _send_back(charge, now)
    return done


def _claim(now: datetime) -> Charge | None:
    with transaction.atomic():
        charge = (
            Charge.objects.select_for_update(skip_locked=True)
            .filter(state=ChargeState.REFUND_DUE, refund_not_before__lte=now)
            .exclude(gateway__in=TILLS.values())  # given back by a person, over the desk
            .order_by("refund_not_before", "pk")
            .first()
        )
        if charge is None:
            return None
        # The pause is the lease: whoever dies while asking leaves the charge to a later sweep, and gateways take a
        # repeated refund of one charge as one.
        charge.refund_attempts += 1
        charge.refund_not_before = now + min(LONGEST_PAUSE, timedelta(minutes=2 ** min(charge.refund_attempts, 9)))
        charge.save(update_fields=["refund_attempts", "refund_not_before"])
        return charge


def _send_back(charge: Charge, now: datetime) -> bool:
    if charge.gateway == "voucher":
        return _give_voucher_back(charge, now)
    gateway = gateway_named(charge.gateway)
    if gateway is None:
        log.error("refund_without_gateway", extra={"charge": charge.pk, "gateway": charge.gateway})
        return False
    try:
        answer = gateway.refund(charge, now)
    except GatewayAwayError as error:
        log.warning(
            "refund_waits", extra={"charge": charge.pk, "error": str(error), "attempts": charge.refund_attempts}
        )
        return False
    return _settle(charge, answer.reference, now) if answer.done else False


@transaction.atomic
def _settle(charge: Charge, reference: str, now: datetime) -> bool:
    # Payment before charge: the order in which every booking takes its locks.
    if charge.payment_id is not None:
        Payment.objects.select_for_update().get(pk=charge.payment_id)
    return settle_refund(Charge.objects.select_for_update().get(pk=charge.pk), reference, now)


@transaction.atomic
def _give_voucher_back(charge: Charge, now: datetime) -> bool:
    """A voucher is good again: whoever paid cash at a counter has no card to send money to."""
    number, _, use = charge.reference.partition("-")
    Voucher.objects.filter(pk=int(number), uses=int(use)).update(payment=None, used_at=None)
    return _settle(charge, charge.reference, now)
