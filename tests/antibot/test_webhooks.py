"""Messages of a gateway: forged, repeated, out of order, with wrong amounts."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from antibot import doors
from antibot.models import Charge, NetworkBlock, OutboxEvent, PaymentEvent
from antibot.payments.sandbox import SIGNATURE_HEADER, sign
from antibot.views.webhooks import LOGGED
from tests.antibot.conftest import asked
from tests.antibot.paying import WEBHOOK, events, message, settle, told


@pytest.mark.django_db
class TestWebhooks:
    def test_forged_repeated_reordered_and_wrong(self, client: Client) -> None:
        payment = asked()
        good = message(payment)
        assert told(client, good, signature="t=1,v1=00") == 400
        assert told(client, good, signature="nonsense") == 400
        assert told(client, good, at=timezone.now().timestamp() - 3600) == 400
        assert told(client, {"id": "x"}) == 400
        assert told(client, good | {"amount_cents": "many"}) == 400
        assert Charge.objects.count() == 0
        assert doors.payment_state("booking-1") is doors.PaymentState.ASKED
        assert told(client, good) == 200
        assert [told(client, good) for _ in range(5)] == [200] * 5
        assert Charge.objects.count() == 1
        assert PaymentEvent.objects.count() == 1
        assert events() == ["paid"]

    def test_a_body_changed_after_signing_is_forged(self, client: Client) -> None:
        payment = asked()
        body = json.dumps(message(payment)).encode()
        header = sign(body, int(timezone.now().timestamp()))
        changed = body.replace(b"2900", b"1")
        answer = client.post(WEBHOOK, changed, content_type="application/json", headers={SIGNATURE_HEADER: header})
        assert answer.status_code == 400

    @pytest.mark.parametrize("change", [{"amount_cents": 1}, {"amount_cents": 290000}, {"currency": "DZD"}])
    def test_a_wrong_amount_never_pays_and_goes_back(self, client: Client, change: dict) -> None:
        payment = asked()
        assert told(client, message(payment, **change)) == 200
        assert doors.payment_state("booking-1") is doors.PaymentState.ASKED
        settle()
        charge = Charge.objects.get()
        assert charge.state == "refunded"
        assert charge.refund_reason == "wrong_amount"
        event = OutboxEvent.objects.get()
        assert (event.kind, event.data["surplus"]) == ("refunded", True)

    def test_money_for_an_unknown_demand_goes_back(self, client: Client) -> None:
        payment = asked()
        assert told(client, message(payment, merchant_reference=str(uuid.uuid4()))) == 200
        assert told(client, message(payment, id="evt_2", charge="ch_2", merchant_reference="; DROP TABLE")) == 200
        settle()
        assert set(Charge.objects.values_list("state", flat=True)) == {"refunded"}
        assert events() == []

    def test_refund_before_payment(self, client: Client) -> None:
        payment = asked()
        assert told(client, message(payment, id="evt_2", kind="refunded")) == 200
        assert PaymentEvent.objects.get().outcome == "waiting"
        assert told(client, message(payment)) == 200
        assert doors.payment_state("booking-1") is doors.PaymentState.REFUNDED
        assert events() == ["paid", "refunded"]

    def test_refused_then_paid(self, client: Client) -> None:
        payment = asked()
        assert told(client, message(payment, kind="refused")) == 200
        assert told(client, message(payment, kind="refused", id="evt_2")) == 200
        assert doors.payment_state("booking-1") is doors.PaymentState.REFUSED
        assert told(client, message(payment, id="evt_3")) == 200
        assert told(client, message(payment, kind="refused", id="evt_4")) == 200
        assert doors.payment_state("booking-1") is doors.PaymentState.PAID
        assert events() == ["refused", "paid"]

    def test_forgeries_make_nobody_wait_behind_the_same_address(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        """They have a bucket of their own; a right signature among them still counts."""
        payment = asked()
        for _ in range(60):
            assert told(client, message(payment), signature="t=1,v1=00") == 400
        assert sum(record.message == "webhook_forged" for record in caplog.records) == LOGGED + 1
        assert client.get(payment.pay_url).status_code == 200
        assert client.post(payment.pay_url, {"how": "card"}).status_code == 302
        assert NetworkBlock.objects.count() == 0
        assert told(client, message(payment)) == 200
        assert doors.payment_state("booking-1") is doors.PaymentState.PAID

    def test_other_gateways_and_methods(self, client: Client) -> None:
        assert client.post("/antibot/webhook/stripe/", b"{}", content_type="application/json").status_code == 404
        assert client.get(WEBHOOK).status_code == 405
        big = client.post(WEBHOOK, b"x" * 300_000, content_type="application/json")
        assert big.status_code == 413
