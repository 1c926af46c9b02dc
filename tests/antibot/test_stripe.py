"""Stripe with the real library: signatures, recorded shapes, and its client against a server on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
import stripe
from django.test import Client, override_settings
from django.utils import timezone

from antibot import doors
from antibot.actions.receive_notice import receive_notice
from antibot.actions.refund_charges import ask_refund
from antibot.models import Charge, Payment
from antibot.payments import stripe_checkout
from antibot.payments.interface import ForgedError, GatewayAwayError, NoticeKind
from antibot.payments.stripe_checkout import StripeGateway, notice_from
from tests.antibot.conftest import asked

SECRET = "whsec_test"
WEBHOOK = "/antibot/webhook/stripe/"
stripe_settings = override_settings(
    PAYMENT_GATEWAY="stripe", STRIPE_WEBHOOK_SECRET=SECRET, STRIPE_SECRET_KEY="sk_test_x"
)


def session_event(payment: Payment, kind: str = "checkout.session.completed", **changes: Any) -> dict[str, Any]:
    """As Stripe documents and sends it (API 2025-03-31), without the fields nobody reads."""
    return {
        "id": "evt_1PStripe0001",
        "object": "event",
        "api_version": "2025-03-31.basil",
        "created": int(timezone.now().timestamp()),
        "livemode": False,
        "pending_webhooks": 1,
        "type": kind,
        "data": {
            "object": {
                "id": "cs_test_a1",
                "object": "checkout.session",
                "amount_subtotal": payment.amount_cents,
                "amount_total": payment.amount_cents,
                "client_reference_id": str(payment.public_id),
                "currency": payment.currency.lower(),
                "mode": "payment",
                "payment_intent": "pi_3Stripe0001",
                "payment_status": "paid",
                "status": "complete",
            }
            | changes
        },
    }


def refund_event(payment: Payment) -> dict[str, Any]:
    return {
        "id": "evt_1PStripe0002",
        "object": "event",
        "created": int(timezone.now().timestamp()),
        "type": "charge.refunded",
        "data": {
            "object": {
                "id": "ch_3Stripe0001",
                "object": "charge",
                "amount": payment.amount_cents,
                "amount_refunded": payment.amount_cents,
                "currency": "eur",
                "metadata": {"payment": str(payment.public_id)},
                "payment_intent": "pi_3Stripe0001",
                "refunded": True,
            }
        },
    }


def signature(body: bytes, at: int | None = None, secret: str = SECRET) -> str:
    stamp = at or int(timezone.now().timestamp())
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={mac}"


def told(client: Client, event: dict[str, Any], header: str | None = None) -> int:
    body = json.dumps(event).encode()
    headers = {"Stripe-Signature": header if header is not None else signature(body)}
    return client.post(WEBHOOK, body, content_type="application/json", headers=headers).status_code


@pytest.mark.django_db
@stripe_settings
def test_signed_events_are_booked_once_and_forged_ones_never(client: Client) -> None:
    payment = asked()
    event = session_event(payment)
    body = json.dumps(event).encode()
    for bad in (
        "",
        "t=1,v1=0",
        signature(body, secret="whsec_other"),
        signature(body, at=int(timezone.now().timestamp()) - 3600),
    ):
        assert told(client, event, bad) == 400
    assert doors.payment_state("booking-1") is doors.PaymentState.ASKED
    assert [told(client, event) for _ in range(3)] == [200] * 3
    assert doors.payment_state("booking-1") is doors.PaymentState.PAID
    assert Charge.objects.get().reference == "pi_3Stripe0001"
    assert told(client, refund_event(payment)) == 200
    assert doors.payment_state("booking-1") is doors.PaymentState.REFUNDED


@pytest.mark.django_db
@stripe_settings
def test_shapes(client: Client) -> None:
    payment = asked()
    waiting = session_event(payment, payment_status="unpaid")
    assert notice_from(waiting).kind is NoticeKind.IGNORED
    assert (
        notice_from(session_event(payment, "checkout.session.expired", payment_intent=None)).kind is NoticeKind.REFUSED
    )
    assert (
        notice_from({"id": "evt_x", "type": "invoice.paid", "created": 1, "data": {"object": {}}}).kind
        is NoticeKind.IGNORED
    )
    broken = {
        "id": "evt_x",
        "object": "event",
        "type": "checkout.session.completed",
        "created": 1,
        "data": {"object": {}},
    }
    assert told(client, broken) == 400
    assert told(client, session_event(payment, amount_total=1)) == 200
    assert Charge.objects.get().refund_reason == "wrong_amount"


@override_settings(STRIPE_WEBHOOK_SECRET="")
def test_without_a_secret_nothing_is_believed() -> None:
    body = b"{}"
    with pytest.raises(ForgedError):
        StripeGateway().read_notice({"Stripe-Signature": signature(body, secret="")}, body, timezone.now())


class FakeStripe(BaseHTTPRequestHandler):
    """Answers with recorded shapes; the library on our side is the real one."""

    calls: list[tuple[str, dict[str, list[str]], str]] = []
    refund_status = "succeeded"
    fail = False

    def do_POST(self) -> None:
        values = parse_qs(self.rfile.read(int(self.headers["Content-Length"] or 0)).decode())
        FakeStripe.calls.append((self.path, values, self.headers["Idempotency-Key"]))
        if FakeStripe.fail:
            return self._answer(500, {"error": {"type": "api_error", "message": "x"}})
        if self.path == "/v1/checkout/sessions":
            until = int(values["expires_at"][0])
            return self._answer(
                200,
                {
                    "id": "cs_1",
                    "object": "checkout.session",
                    "url": "https://checkout.stripe.com/c/1",
                    "expires_at": until,
                },
            )
        return self._answer(200, {"id": "re_1", "object": "refund", "status": FakeStripe.refund_status})

    def do_GET(self) -> None:
        payment = Payment.objects.get()
        broken = session_event(payment) | {"id": "evt_broken", "data": {"object": {"object": "checkout.session"}}}
        data = [broken, session_event(payment)]
        return self._answer(200, {"object": "list", "has_more": False, "url": "/v1/events", "data": data})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def gateway() -> Iterator[StripeGateway]:
    FakeStripe.calls, FakeStripe.refund_status, FakeStripe.fail = [], "succeeded", False
    server = HTTPServer(("127.0.0.1", 0), FakeStripe)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    client = stripe.StripeClient(
        "sk_test_x",
        base_addresses={"api": f"http://127.0.0.1:{server.server_port}"},
        max_network_retries=0,
        http_client=stripe.UrllibClient(),
    )
    yield StripeGateway(client)
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.django_db
def test_opening_and_refunding_with_idempotency_keys(gateway: StripeGateway) -> None:
    payment, now = asked(), timezone.now()
    opened = gateway.open(payment, "0", "https://example.org/back", now)
    path, values, key = FakeStripe.calls[0]
    assert (path, opened.url) == ("/v1/checkout/sessions", "https://checkout.stripe.com/c/1")
    assert key == f"open-{payment.public_id}-0"
    assert values["client_reference_id"] == [str(payment.public_id)]
    assert values["line_items[0][price_data][unit_amount]"] == ["2900"]
    assert values["line_items[0][price_data][currency]"] == ["eur"]
    receive_notice("stripe", notice_from(session_event(payment)), now)
    assert ask_refund("booking-1", "cancelled", now)
    charge = Charge.objects.get()
    assert gateway.refund(charge, now).done
    assert FakeStripe.calls[1][2] == "refund-pi_3Stripe0001"
    FakeStripe.refund_status = "pending"
    assert not gateway.refund(charge, now).done
    FakeStripe.fail = True
    with pytest.raises(GatewayAwayError):
        gateway.refund(charge, now)


@pytest.mark.django_db
@stripe_settings
def test_a_gateway_that_is_away_gives_a_page_that_says_so(
    client: Client, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeStripe.fail = True
    monkeypatch.setattr("antibot.actions.open_checkout.hosted_gateway", lambda: gateway)
    answer = client.post(asked().pay_url, {"how": "card"})
    assert answer.status_code == 503
    assert doors.payment_state("booking-1") is doors.PaymentState.ASKED


@pytest.mark.django_db(transaction=True)
def test_reconciliation_reads_events(gateway: StripeGateway) -> None:
    from datetime import timedelta

    from antibot.actions.reconcile import fetch_missed

    asked()
    now = timezone.now()
    assert fetch_missed(gateway, now - timedelta(days=1), now) == 1
    assert doors.payment_state("booking-1") is doors.PaymentState.PAID


@pytest.mark.django_db
@stripe_settings
@pytest.mark.parametrize(
    "change",
    [
        {"currency": "euros"}, {"currency": 7}, {"amount_total": "2900"}, {"amount_total": 2**40}, {"amount_total": -1},
        {"payment_intent": "pi\x00"}, {"payment_intent": ["pi"]}, {"client_reference_id": {"a": 1}},
    ],
)  # fmt: skip
def test_a_signed_message_that_no_column_holds_is_refused_before_anything_is_kept(
    client: Client, change: dict[str, Any]
) -> None:
    """The secret may be right and the content still none that we can keep."""
    assert told(client, session_event(asked(), **change)) == 400
    assert not Charge.objects.exists()


@pytest.mark.django_db
@stripe_settings
@pytest.mark.parametrize("other", [{"created": 10**20}, {"created": -(10**20)}, {"id": "e" * 300}, {"type": "k" * 61}])
def test_an_instant_or_a_name_out_of_bounds_is_refused(client: Client, other: dict[str, Any]) -> None:
    assert told(client, session_event(asked()) | other) == 400


@pytest.mark.django_db
def test_a_gateway_that_takes_the_call_and_says_nothing_is_given_up_in_seconds(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library itself would wait for minutes, and the person with it."""
    monkeypatch.setattr(stripe_checkout, "TIMEOUT", (0.5, 0.5))
    payment = asked()
    with socket.create_server(("127.0.0.1", 0), backlog=8) as silent, stripe_settings:
        made = stripe_checkout._client.__wrapped__("sk_test_x")
        made._requestor._options.base_addresses["api"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(stripe_checkout, "_client", lambda _key: made)
        began = time.monotonic()
        answer = client.post(payment.pay_url, {"how": "card"})
        assert time.monotonic() - began < 10
    assert answer.status_code == 503
    assert doors.payment_state("booking-1") is doors.PaymentState.ASKED
