"""Stripe Checkout: the real library, imported when first needed (it takes a second and 30 MB)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from antibot.models import Charge, Payment
from antibot.payments.interface import ForgedError, GatewayAwayError, Notice, NoticeKind, Opened, Refunded

if TYPE_CHECKING:
    from stripe import StripeClient

log = logging.getLogger(__name__)

SIGNATURE_HEADER = "Stripe-Signature"
API_VERSION = "2025-03-31.basil"  # the shapes read below were written down against this version
TIMEOUT = (3.0, 8.0)  # seconds to connect, and for an answer; what was sent is safe to repeat by its key
# Stripe allows 30 minutes to 24 hours.
SHORTEST, LONGEST = timedelta(minutes=31), timedelta(hours=23)

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError)
PAID_KINDS = {"checkout.session.completed", "checkout.session.async_payment_succeeded"}
REFUSED_KINDS = {"checkout.session.async_payment_failed", "checkout.session.expired"}


@lru_cache(maxsize=2)
def _client(key: str) -> StripeClient:
    import stripe

    # The library's own time-out is 80 seconds, three times over; somebody waits for the page meanwhile.
    patient = stripe.RequestsClient(timeout=TIMEOUT)
    return stripe.StripeClient(key, stripe_version=API_VERSION, max_network_retries=1, http_client=patient)


class StripeGateway:
    """Checkout sessions with our public id as client reference."""

    name = "stripe"

    def __init__(self, client: StripeClient | None = None) -> None:
        """`client` replaces the one made from the settings."""
        self._given = client

    @property
    def client(self) -> StripeClient:
        """The API client of this installation."""
        return self._given or _client(settings.STRIPE_SECRET_KEY)

    def open(self, payment: Payment, attempt: str, return_url: str, now: datetime) -> Opened:
        """Create a Checkout session; Stripe gives the same one for the same idempotency key."""
        import stripe

        until = now + min(LONGEST, max(SHORTEST, payment.deadline - now))
        params: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": str(payment.public_id),
            "locale": payment.language if payment.language in {"fr", "en"} else "auto",
            "success_url": return_url,
            "cancel_url": return_url,
            "expires_at": int(until.timestamp()),
            "payment_intent_data": {"metadata": {"payment": str(payment.public_id)}},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": payment.currency.lower(),
                        "unit_amount": payment.amount_cents,
                        "product_data": {"name": payment.description},
                    },
                }
            ],
        }
        try:
            session = self.client.v1.checkout.sessions.create(
                params,  # type: ignore[arg-type]
                {"idempotency_key": f"open-{payment.public_id}-{attempt}"},
            )
        except stripe.StripeError as error:
            raise GatewayAwayError(type(error).__name__) from error
        return Opened(session.id, str(session.url), datetime.fromtimestamp(session.expires_at, UTC))

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Verify with the library and read. Raises ForgedError."""
        import stripe

        if not settings.STRIPE_WEBHOOK_SECRET:
            raise ForgedError("no secret to verify with")
        try:
            event = stripe.Webhook.construct_event(
                body, headers.get(SIGNATURE_HEADER, ""), settings.STRIPE_WEBHOOK_SECRET
            )
            return notice_from(event.to_dict())
        except (*_UNREADABLE, stripe.StripeError) as error:
            raise ForgedError(type(error).__name__) from error

    def refund(self, charge: Charge, now: datetime) -> Refunded:
        """Refund the payment intent in full."""
        import stripe

        try:
            made = self.client.v1.refunds.create(
                {"payment_intent": charge.reference, "metadata": {"charge": str(charge.pk)}},
                {"idempotency_key": f"refund-{charge.reference}"},
            )
        except stripe.InvalidRequestError as error:
            if error.code == "charge_already_refunded":
                return Refunded(charge.reference, done=True)
            raise GatewayAwayError(str(error.code)) from error
        except stripe.StripeError as error:
            raise GatewayAwayError(type(error).__name__) from error
        if made.status in {"failed", "canceled"}:
            raise GatewayAwayError(str(made.status))
        return Refunded(made.id, done=made.status == "succeeded")

    def look_up(self, since: datetime, now: datetime) -> Iterable[Notice]:
        """The events of payments and refunds since `since`."""
        import stripe

        try:
            events = self.client.v1.events.list(
                {
                    "created": {"gte": int(since.timestamp())},
                    "types": sorted(PAID_KINDS | {"charge.refunded"}),
                    "limit": 100,
                }
            )
            for event in events.auto_paging_iter():
                try:
                    notice = notice_from(event.to_dict())
                except _UNREADABLE as error:
                    # One that nobody can read must not keep the others from being booked.
                    log.warning("event_unreadable", extra={"event": event.id, "error": type(error).__name__})
                    continue
                yield notice
        except stripe.StripeError as error:
            raise GatewayAwayError(type(error).__name__) from error


def notice_from(event: Mapping[str, Any]) -> Notice:
    """Read a Stripe event. Raises KeyError or TypeError where it is not shaped like one."""
    kind, thing = event["type"], event["data"]["object"]
    base: dict[str, Any] = {
        "event_id": event["id"],
        "occurred_at": datetime.fromtimestamp(event["created"], UTC),
        "raw_kind": kind,
    }
    if kind in PAID_KINDS and thing["payment_status"] == "paid":
        return Notice(kind=NoticeKind.PAID, **base, **_session(thing))
    if kind in REFUSED_KINDS:
        return Notice(kind=NoticeKind.REFUSED, **base, **_session(thing))
    if kind == "charge.refunded" and thing["refunded"]:
        return Notice(
            kind=NoticeKind.REFUNDED,
            payment_reference=(thing.get("metadata") or {}).get("payment", ""),
            charge_reference=thing["payment_intent"],
            amount_cents=thing["amount_refunded"],
            currency=thing["currency"].upper(),
            **base,
        )
    return Notice(kind=NoticeKind.IGNORED, **base)


def _session(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "payment_reference": thing["client_reference_id"] or "",
        "charge_reference": thing["payment_intent"] or thing["id"],
        "amount_cents": thing["amount_total"],
        "currency": thing["currency"].upper(),
    }
