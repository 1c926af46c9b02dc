"""End demands whose time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from antibot.domain.payment_states import OPEN_STATES, PaymentState
from antibot.models import Payment

# A webhook may be on its way when the deadline passes. Money that was paid in time by the gateway's clock is kept if it
# arrives within this grace; the owner of the subject may end the demand sooner by withdrawing it.
GRACE = timedelta(minutes=15)


def expire_payments(now: datetime, limit: int = 500) -> int:
    """End demands whose deadline and grace have passed; returns how many."""
    with transaction.atomic():
        keys = list(
            Payment.objects.select_for_update(skip_locked=True)
            .filter(state__in=OPEN_STATES, deadline__lte=now - GRACE)
            .order_by("deadline")
            .values_list("pk", flat=True)[:limit]
        )
        return Payment.objects.filter(pk__in=keys).update(state=PaymentState.EXPIRED)


@transaction.atomic
def withdraw(subject: str) -> PaymentState | None:
    """End the open demand of `subject` and say where it stands: PAID where money was faster. None: never asked.

    The row is locked, so within the caller's transaction the answer stays true.
    """
    payment = Payment.objects.select_for_update().filter(subject=subject).first()
    if payment is None:
        return None
    if payment.state in OPEN_STATES:
        payment.state = PaymentState.EXPIRED
        payment.save(update_fields=["state"])
    return PaymentState(payment.state)
