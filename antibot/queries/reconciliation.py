"""Do our books agree with themselves and with the gateway's? One line per disagreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from antibot.domain.payment_states import ChargeState, PaymentState
from antibot.models import Charge, Payment
from antibot.payments.interface import Gateway, NoticeKind

STALE_REFUND = timedelta(days=2)


@dataclass(frozen=True)
class Total:
    """Money of one gateway and currency in a period, in cents."""

    gateway: str
    currency: str
    received: int
    kept: int
    refunded: int
    due: int


def totals(since: datetime, until: datetime, charges: QuerySet[Charge] | None = None) -> list[Total]:
    """Sums of what came in between two instants, and what became of it; `received = kept + refunded + due`."""
    rows = (charges if charges is not None else Charge.objects.all()).filter(
        received_at__gte=since, received_at__lt=until
    )
    sums = (
        rows.order_by()
        .values("gateway", "currency")
        .annotate(
            received=Sum("amount_cents"),
            kept=Sum("amount_cents", filter=Q(state=ChargeState.KEPT), default=0),
            refunded=Sum("amount_cents", filter=Q(state=ChargeState.REFUNDED), default=0),
            due=Sum("amount_cents", filter=Q(state=ChargeState.REFUND_DUE), default=0),
        )
        .order_by("gateway", "currency")
    )
    return [Total(**row) for row in sums]


def disagreements(now: datetime) -> Iterator[str]:
    """What the tables say against each other; nothing where all is well."""
    paid = [PaymentState.PAID]
    for payment in Payment.objects.filter(state__in=paid).annotate(
        kept=Count("charges", filter=Q(charges__state=ChargeState.KEPT))
    ):
        if payment.kept != 1:
            yield f"payment {payment.public_id}: paid, with {payment.kept} kept charges"
    for charge in Charge.objects.filter(state=ChargeState.KEPT).exclude(payment__state=PaymentState.PAID):
        yield f"charge {charge.pk}: kept, while its payment is not paid"
    for charge in Charge.objects.filter(state=ChargeState.KEPT).select_related("payment"):
        asked = charge.payment
        if asked and (asked.amount_cents, asked.currency) != (charge.amount_cents, charge.currency):
            yield f"charge {charge.pk}: kept with another amount than was asked"
    for charge in Charge.objects.filter(state=ChargeState.REFUND_DUE, received_at__lte=now - STALE_REFUND):
        yield f"charge {charge.pk}: due for refund since more than {STALE_REFUND.days} days"


def differences(gateway: Gateway, since: datetime, now: datetime) -> Iterator[str]:
    """What the gateway holds and we do not, or hold otherwise. Raises GatewayAwayError."""
    ours = {
        charge.reference: charge
        for charge in Charge.objects.filter(gateway=gateway.name, received_at__gte=since - timedelta(days=1))
    }
    seen: set[str] = set()
    for notice in gateway.look_up(since, now):
        if notice.kind is not NoticeKind.PAID or notice.charge_reference in seen:
            continue
        seen.add(notice.charge_reference)
        charge = ours.get(notice.charge_reference)
        if charge is None:
            yield f"{notice.charge_reference}: paid at the gateway, not booked here (message {notice.event_id})"
        elif (charge.amount_cents, charge.currency) != (notice.amount_cents, notice.currency):
            yield f"{notice.charge_reference}: another amount here than at the gateway"
    for reference, charge in ours.items():
        if reference not in seen and charge.received_at >= since + timedelta(days=1):
            yield f"{reference}: booked here, unknown at the gateway"
