"""The pretended bank, its messages over HTTP, and finding what no message told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from antibot import doors
from antibot.actions.receive_notice import receive_notice
from antibot.actions.reconcile import fetch_missed
from antibot.models import Charge, Payment, SandboxNotice
from antibot.payments.sandbox import SandboxGateway
from antibot.queries.reconciliation import differences, disagreements, totals
from tests.antibot.conftest import asked
from tests.antibot.paying import WEBHOOK, paid, told


@pytest.mark.django_db
class TestSandboxPage:
    def open_page(self, client: Client) -> str:
        payment = asked()
        first, second = (client.post(payment.pay_url, {"how": "card"})["Location"] for _ in range(2))
        assert first == second
        return first

    @pytest.mark.parametrize(
        ("act", "state", "charges"),
        [
            ("pay", "paid", 1),
            ("refuse", "refused", 0),
            ("twice", "paid", 2),
            ("repeat", "paid", 1),
            ("late", "asked", 0),
        ],
    )
    def test_each_button(self, client: Client, act: str, state: str, charges: int) -> None:
        page = self.open_page(client)
        assert client.get(page).status_code == 200
        back = client.post(page, {"act": act})
        assert back.status_code == 302
        waiting = client.get(back["Location"].removeprefix("http://localhost:8000"))
        assert waiting.status_code == 200
        now = timezone.now()
        for notice in SandboxNotice.objects.filter(not_before__lte=now):
            assert told(client, json.loads(notice.body)) == 200
        assert Payment.objects.get().state == state
        assert Charge.objects.count() == charges

    def test_back_from_a_refused_card_nothing_is_called_paid_and_a_look_later_says_refused(
        self, client: Client
    ) -> None:
        """Coming back, the bank's message is still on its way: the page must be true whatever it will say."""
        client.cookies["django_language"] = "en"
        page = self.open_page(client)
        back = client.post(page, {"act": "refuse"})["Location"].removeprefix("http://localhost:8000")
        waiting = client.get(back).content.decode()
        assert "<title>We do not know yet whether you paid" in waiting
        assert "confirmed" not in waiting
        assert f'href="{back}">Look again</a>' in waiting
        assert told(client, json.loads(SandboxNotice.objects.get().body)) == 200
        assert "was refused by the bank" in client.get(back, follow=True).content.decode()

    def test_it_does_not_exist_with_another_gateway(self, client: Client) -> None:
        page = self.open_page(client)
        with override_settings(PAYMENT_GATEWAY="stripe"):
            assert client.get(page).status_code == 404
            assert client.post(WEBHOOK, b"{}", content_type="application/json").status_code == 404

    def test_the_pay_page_after_payment_leads_back(self, client: Client) -> None:
        payment = asked()
        receive_notice("sandbox", paid(payment), timezone.now())
        assert client.get(payment.pay_url)["Location"] == "/booking/1/"
        assert client.get(f"{payment.pay_url}back/")["Location"] == "/booking/1/"


@pytest.mark.django_db(transaction=True)
def test_the_pretended_bank_delivers_over_http(live_server: object, client: Client) -> None:
    from antibot.payments.sandbox import deliver_notices

    payment = asked()
    page = client.post(payment.pay_url, {"how": "card"})["Location"]
    client.post(page, {"act": "twice"})
    with override_settings(PUBLIC_ORIGIN="http://127.0.0.1:9"):
        assert deliver_notices(timezone.now()) == 0
    with override_settings(PUBLIC_ORIGIN=live_server.url):  # type: ignore[attr-defined]
        assert deliver_notices(timezone.now() + timedelta(seconds=30)) == 2
    payment.refresh_from_db()
    assert payment.state == "paid"


@pytest.mark.django_db
def test_reconciliation_finds_and_mends_what_no_webhook_told(client: Client) -> None:
    payment = asked()
    page = client.post(payment.pay_url, {"how": "card"})["Location"]
    client.post(page, {"act": "pay"})
    now = timezone.now()
    gateway = SandboxGateway()
    since = now - timedelta(days=1)
    lines = list(differences(gateway, since, now))
    assert len(lines) == 1
    assert "not booked here" in lines[0]
    assert fetch_missed(gateway, since, now) == 1
    assert fetch_missed(gateway, since, now) == 0
    assert list(differences(gateway, since, now)) == []
    assert doors.payment_state("booking-1") is doors.PaymentState.PAID
    total = totals(since, now + timedelta(minutes=1))[0]
    assert (total.received, total.kept, total.refunded, total.due) == (2900, 2900, 0, 0)
    assert list(disagreements(datetime(2040, 1, 1, tzinfo=UTC))) == []


@pytest.mark.parametrize("reference", ["%00", "sb_%00", "%E2%80%AEsb", "nobody"])
def test_a_reference_that_no_database_can_hold_is_no_page(db: None, client: Client, reference: str) -> None:
    """PostgreSQL refuses a null byte in a text: that was an error of the server instead of a page that is not there."""
    assert client.get(f"/antibot/sandbox/{reference}/").status_code == 404
