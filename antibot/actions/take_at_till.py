"""Money that a person hands over at a desk: booked like money of a gateway, and given back by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from antibot.actions.ask_payment import ask_for_payment
from antibot.actions.pay_voucher import VoucherRefusal, pay_with_voucher
from antibot.actions.receive_notice import receive_notice, settle_refund
from antibot.domain.payment_states import ChargeState
from antibot.models import Charge, OutboxEvent, Payment
from antibot.payments.interface import Notice, NoticeKind

TILLS: Final = {"cash": "till_cash", "card": "till_card"}
VOUCHER: Final = "voucher"


@transaction.atomic
def take_at_till(
    *,
    subject: str,
    scope_key: str,
    amount_cents: int,
    currency: str,
    description: str,
    method: str,
    voucher: str,
    now: datetime,
) -> VoucherRefusal | None:
    """Book a fee that was taken at a desk. None: it is paid, within the caller's transaction.

    `method` is "cash", "card" or "voucher" (then `voucher` is what was typed). The owner of the subject acts in the
    same transaction, so no event is left for it.

    Raises:
        KeyError: for another method.
    """
    payment = ask_for_payment(
        subject=subject,
        scope_key=scope_key,
        amount_cents=amount_cents,
        currency=currency,
        description=description,
        language="fr",
        return_url="/",
        deadline=now + timedelta(minutes=5),
        now=now,
    )
    if method == VOUCHER:
        refused = pay_with_voucher(payment.pk, voucher, now)
        if refused is not None:
            return refused
    else:
        notice = Notice(
            event_id=f"till-{payment.public_id}",
            kind=NoticeKind.PAID,
            occurred_at=now,
            payment_reference=str(payment.public_id),
            charge_reference=str(payment.public_id),
            amount_cents=amount_cents,
            currency=currency,
        )
        receive_notice(TILLS[method], notice, now)
    OutboxEvent.objects.filter(subject=subject, kind=OutboxEvent.Kind.PAID, consumed_at=None).update(consumed_at=now)
    return None


@transaction.atomic
def give_back_at_till(subject: str, now: datetime) -> bool:
    """The cash or card money of a subject, due for refund, was given back at the desk. False where none is due."""
    payment = Payment.objects.select_for_update().filter(subject=subject).first()
    if payment is None:
        return False
    charge = (
        Charge.objects.select_for_update()
        .filter(payment=payment, gateway__in=TILLS.values(), state=ChargeState.REFUND_DUE)
        .first()
    )
    return charge is not None and settle_refund(charge, f"till-{now:%Y%m%d%H%M%S}-{charge.pk}", now)


def due_at_till(subjects: list[str]) -> list[str]:
    """Which of these subjects have money to come back over the desk."""
    due = Charge.objects.filter(payment__subject__in=subjects, gateway__in=TILLS.values(), state=ChargeState.REFUND_DUE)
    return list(due.values_list("payment__subject", flat=True))
