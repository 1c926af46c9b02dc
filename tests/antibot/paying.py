"""Small steps of the tests about money: messages of a gateway, and letting refunds go through."""

from __future__ import annotations

import json
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from antibot.actions.refund_charges import refund_due_charges
from antibot.models import OutboxEvent, Payment
from antibot.payments.interface import Notice, NoticeKind
from antibot.payments.sandbox import SIGNATURE_HEADER, sign

WEBHOOK = "/antibot/webhook/sandbox/"


def paid(payment: Payment, charge: str = "ch_1", event: str = "evt_1", **changes: object) -> Notice:
    values: dict[str, object] = {
        "event_id": event,
        "kind": NoticeKind.PAID,
        "occurred_at": timezone.now(),
        "payment_reference": str(payment.public_id),
        "charge_reference": charge,
        "amount_cents": payment.amount_cents,
        "currency": payment.currency,
    }
    return Notice(**(values | changes))  # type: ignore[arg-type]


def told(client: Client, message: dict[str, object], *, at: float | None = None, signature: str | None = None) -> int:
    body = json.dumps(message).encode()
    header = signature or sign(body, int(at or timezone.now().timestamp()))
    return client.post(WEBHOOK, body, content_type="application/json", headers={SIGNATURE_HEADER: header}).status_code


def message(payment: Payment, **changes: object) -> dict[str, object]:
    return {
        "id": "evt_1",
        "kind": "paid",
        "at": int(timezone.now().timestamp()),
        "merchant_reference": str(payment.public_id),
        "charge": "ch_1",
        "amount_cents": payment.amount_cents,
        "currency": payment.currency,
    } | changes


def events() -> list[str]:
    return list(OutboxEvent.objects.order_by("pk").values_list("kind", flat=True))


def settle() -> None:
    """Let every refund that is due go through."""
    for _ in range(2):
        refund_due_charges(timezone.now() + timedelta(days=1))
