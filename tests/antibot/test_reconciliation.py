"""Whether the money agrees: what staff read, and what the hourly task finds."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from antibot import doors
from antibot.actions import reconcile as fetching
from antibot.actions.receive_notice import receive_notice
from antibot.models import Charge, SandboxNotice
from antibot.tasks import reconcile
from tests.accounts.people import make_staff, signed_in
from tests.antibot.conftest import asked
from tests.antibot.paying import paid

pytestmark = pytest.mark.django_db
REPORT = "/admin/antibot/payment/report/"


def _paid_at_the_bank(client: Client) -> SandboxNotice:
    """Somebody paid, and no webhook has told us."""
    client.post(client.post(asked().pay_url, {"how": "card"})["Location"], {"act": "pay"})
    return SandboxNotice.objects.get()


def test_a_refund_that_waits_for_days_stands_in_the_report_of_those_who_see_all() -> None:
    receive_notice("sandbox", paid(asked(), amount_cents=1), timezone.now() - timedelta(days=3))
    charge = Charge.objects.get()
    line = f"charge {charge.pk}: due for refund since more than 2 days"
    assert line in signed_in(make_staff("centre")).get(REPORT).content.decode()
    of_the_post = signed_in(make_staff("head", "dz-alg")).get(REPORT)
    assert of_the_post.status_code == 200
    assert line not in of_the_post.content.decode()


def test_the_task_books_what_no_webhook_told(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    _paid_at_the_bank(client)
    assert reconcile() == 1
    assert doors.payment_state("booking-1") is doors.PaymentState.PAID
    assert reconcile() == 0
    assert not [record for record in caplog.records if record.message == "money_disagrees"]


def test_the_task_says_where_the_gateway_holds_another_amount(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    notice = _paid_at_the_bank(client)
    assert reconcile() == 1
    SandboxNotice.objects.update(body=json.dumps(json.loads(notice.body) | {"amount_cents": 3000}))
    assert reconcile() == 0
    told = [vars(record)["line"] for record in caplog.records if record.message == "money_disagrees"]
    assert len(told) == 1
    assert "another amount here than at the gateway" in told[0]


def test_a_webhook_that_arrives_while_the_task_books_the_same_stops_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _paid_at_the_bank(client)

    def collides(*_arguments: object) -> None:
        raise IntegrityError("antibot_payment_event_once")

    monkeypatch.setattr(fetching, "receive_notice", collides)
    assert reconcile() == 0
