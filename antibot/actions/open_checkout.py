"""Open the hosted page of a payment."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from antibot.models import Checkout, Payment
from antibot.payments.registry import hosted_gateway
from vault.rows import change, find, insert_unless_there

log = logging.getLogger(__name__)


def open_checkout(payment: Payment, now: datetime) -> str:
    """The address of the hosted page: one per payment as long as it lives, so that nobody pays twice by two tabs.

    Raises:
        GatewayAwayError: nothing was opened.
    """
    gateway = hosted_gateway()
    before = find(Checkout, "WHERE payment_id = %s", [payment.pk])
    standing = next((row for row in before if row.closed_at is None), None)
    if standing is not None and standing.expires_at > now and standing.gateway == gateway.name:
        return standing.url
    if standing is not None:
        standing.closed_at = now
        change(standing, "closed_at")
    back = settings.PUBLIC_ORIGIN + reverse("antibot:pay-back", args=[payment.public_id])
    opened = gateway.open(payment, str(len(before)), back, now)
    fresh = Checkout(
        payment=payment,
        gateway=gateway.name,
        reference=opened.reference,
        url=opened.url,
        created_at=now,
        expires_at=opened.expires_at,
    )
    if not insert_unless_there(fresh):
        # A double click: both opened the same attempt, which is the same page at the gateway.
        log.info("checkout_double", extra={"gateway": gateway.name})
    return opened.url
