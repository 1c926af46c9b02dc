"""Money: each message once, in any order, and what the tables say always agrees."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import DisallowedHost
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.models import F
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antibot import doors
from antibot.actions.expire_payments import GRACE, expire_payments
from antibot.actions.receive_notice import receive_notice
from antibot.actions.reconcile import fetch_missed
from antibot.actions.refund_charges import refund_due_charges
from antibot.models import Charge, OutboxEvent, Payment, PaymentEvent, SandboxNotice
from antibot.payments.interface import Notice, NoticeKind
from antibot.payments.sandbox import SIGNATURE_HEADER, SandboxGateway, sign
from antibot.queries.reconciliation import differences, disagreements, totals
from tests.antibot.conftest import SCOPE, asked
from tests.antibot.racing import at_once

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

    def test_forgeries_count_against_the_network(self, client: Client) -> None:
        payment = asked()
        for _ in range(8):
            told(client, message(payment), signature="t=1,v1=00")
        assert client.get(payment.pay_url).status_code == 429

    def test_other_gateways_and_methods(self, client: Client) -> None:
        assert client.post("/antibot/webhook/stripe/", b"{}", content_type="application/json").status_code == 404
        assert client.get(WEBHOOK).status_code == 405
        big = client.post(WEBHOOK, b"x" * 300_000, content_type="application/json")
        assert big.status_code == 413


@pytest.mark.django_db
class TestDemands:
    def test_one_demand_per_subject_with_fixed_terms(self) -> None:
        payment = asked()
        assert asked() == payment
        with pytest.raises(doors.TermsChangedError):
            asked(amount=1)
        for change in ({"amount_cents": 1}, {"currency": "USD"}, {"deadline": F("deadline") + timedelta(days=9)}):
            with pytest.raises(InternalError), transaction.atomic():
                Payment.objects.filter(pk=payment.pk).update(**change)

    def test_states_move_as_the_table_says_and_nowhere_else(self) -> None:
        payment = asked()
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(
                state="refunded", paid_at=timezone.now(), refunded_at=timezone.now()
            )
        doors.withdraw_payment("booking-1")
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(state="paid", paid_at=timezone.now())

    def test_money_received_cannot_be_changed_or_deleted(self) -> None:
        receive_notice("sandbox", paid(asked()), timezone.now())
        for act in (
            lambda: Charge.objects.update(amount_cents=1),
            lambda: Charge.objects.all().delete(),
            lambda: PaymentEvent.objects.all().delete(),
            lambda: PaymentEvent.objects.update(amount_cents=1),
            lambda: Charge.objects.update(state="kept", payment=None),
        ):
            with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
                act()

    @pytest.mark.parametrize(
        "url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "x", "/\\evil.example"]
    )
    def test_people_are_never_sent_to_another_site(self, url: str) -> None:
        now = timezone.now()
        with pytest.raises(DisallowedHost):
            doors.ask_payment("s", SCOPE, 100, "EUR", "x", "fr", url, now + timedelta(hours=1), now)

    def test_money_paid_in_time_counts_within_the_grace_and_later_goes_back(self) -> None:
        payment = asked(hours=1)
        now = payment.deadline + timedelta(minutes=5)
        assert expire_payments(now) == 0
        receive_notice("sandbox", paid(payment, occurred_at=payment.deadline - timedelta(seconds=5)), now)
        assert doors.payment_state("booking-1") is doors.PaymentState.PAID
        other = asked("booking-2", hours=1)
        assert expire_payments(other.deadline + GRACE) == 1
        receive_notice("sandbox", paid(other, "ch_2", "evt_2", occurred_at=other.deadline), other.deadline + GRACE)
        assert Charge.objects.get(reference="ch_2").refund_reason == "late"
        settle()
        assert doors.payment_state("booking-2") is doors.PaymentState.EXPIRED
        assert OutboxEvent.objects.latest("pk").data == {"reason": "late", "surplus": True}

    def test_paying_twice_keeps_once(self) -> None:
        payment = asked()
        receive_notice("sandbox", paid(payment), timezone.now())
        receive_notice("sandbox", paid(payment, "ch_2", "evt_2"), timezone.now())
        settle()
        assert sorted(Charge.objects.values_list("state", "refund_reason")) == [("kept", ""), ("refunded", "twice")]
        assert doors.payment_state("booking-1") is doors.PaymentState.PAID

    def test_refund_is_asked_once_and_sent_once(self) -> None:
        receive_notice("sandbox", paid(asked()), timezone.now())
        for _ in range(3):
            doors.refund("booking-1", "cancelled", timezone.now())
        assert refund_due_charges(timezone.now()) == 1
        assert refund_due_charges(timezone.now() + timedelta(days=2)) == 0
        assert doors.payment_state("booking-1") is doors.PaymentState.REFUNDED
        assert events() == ["paid", "refunded"]

    def test_events_come_in_order_per_subject_and_wait_for_a_commit(self) -> None:
        receive_notice("sandbox", paid(asked()), timezone.now())
        doors.refund("booking-1", "cancelled", timezone.now())
        settle()
        with transaction.atomic():
            assert [event.kind for event in doors.take_events(9, timezone.now())] == ["paid"]
            transaction.set_rollback(True)
        with transaction.atomic():
            assert [event.kind for event in doors.take_events(9, timezone.now())] == ["paid"]
        with transaction.atomic():
            assert [event.kind for event in doors.take_events(9, timezone.now())] == ["refunded"]


@pytest.fixture
def tasks_loaded() -> None:
    """Celery reads every app's tasks at its first use, and a library of theirs raises the recursion limit."""
    from visa_booking.celery import beat_schedule

    beat_schedule()


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("paid"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("wrong"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("late"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("refunded"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("refused"), st.integers(0, 3), st.booleans()),
        st.tuples(st.sampled_from(["withdraw", "refund", "expire", "send", "consume"]), st.just(0), st.just(False)),
    ),
    max_size=14,
)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_any_interleaving_agrees(tasks_loaded: None, acts: list[tuple[str, int, bool]]) -> None:
    """Payments, repeats, refunds, refusals, withdrawals and expiry in any order: nothing lost, nothing kept twice."""
    subject = f"booking-{uuid.uuid4().hex}"
    payment = asked(subject, hours=1)
    heard: list[tuple[str, bool]] = []
    for number, (act, charge, repeat) in enumerate(acts):
        play(payment, subject, act, f"{subject}-{charge}", f"{subject}-{number}", heard)
        if repeat:
            play(payment, subject, act, f"{subject}-{charge}", f"{subject}-{number}", heard)
    settle()
    while OutboxEvent.objects.filter(consumed_at__isnull=True).exists():
        play(payment, subject, "consume", "", "", heard)
    payment.refresh_from_db()
    charges = list(Charge.objects.filter(payment=payment))
    kept = [charge for charge in charges if charge.state == "kept"]
    assert len(kept) == (payment.state == "paid")
    assert all((charge.amount_cents, charge.currency) == (2900, "EUR") for charge in kept)
    assert {charge.state for charge in charges} <= {"kept", "refunded"}
    assert heard.count(("paid", False)) == (payment.paid_at is not None)
    own_refunds = heard.count(("refunded", False))
    assert own_refunds == (payment.state == "refunded")
    assert heard.count(("refunded", True)) == sum(charge.state == "refunded" for charge in charges) - own_refunds
    if own_refunds:
        assert heard.index(("paid", False)) < heard.index(("refunded", False))
    assert list(disagreements(timezone.now())) == []


def play(payment: Payment, subject: str, act: str, charge: str, event: str, heard: list[tuple[str, bool]]) -> None:
    now = timezone.now()
    if act == "paid":
        receive_notice("sandbox", paid(payment, charge, event), now)
    elif act == "wrong":
        receive_notice("sandbox", paid(payment, charge, event, amount_cents=1), now)
    elif act == "late":
        receive_notice("sandbox", paid(payment, charge, event, occurred_at=payment.deadline + timedelta(hours=1)), now)
    elif act in {"refunded", "refused"}:
        receive_notice("sandbox", paid(payment, charge, event, kind=NoticeKind(act)), now)
    elif act == "withdraw":
        doors.withdraw_payment(subject)
    elif act == "refund":
        doors.refund(subject, "cancelled", now)
    elif act == "expire":
        expire_payments(payment.deadline + GRACE)
    elif act == "send":
        refund_due_charges(now + timedelta(hours=12))
    elif act == "consume":
        with transaction.atomic():
            heard += [(e.kind, bool(e.data.get("surplus"))) for e in doors.take_events(50, now) if e.subject == subject]


@pytest.mark.django_db(transaction=True)
def test_one_webhook_in_parallel_is_booked_once() -> None:
    for index in range(15):
        payment = asked(f"booking-{index}")
        note = paid(payment, f"ch_{index}", f"evt_{index}")
        results = at_once(lambda _n, n=note: receive_notice("sandbox", n, timezone.now()))
        assert sum(isinstance(result, PaymentEvent) for result in results) == 1, results
    assert OutboxEvent.objects.filter(kind="paid").count() == 15


@pytest.mark.django_db(transaction=True)
def test_control_check_then_insert_without_lock_and_constraint_books_twice() -> None:
    from antibot.models import DisposableDomain

    def careless(number: int) -> bool:
        if DisposableDomain.objects.filter(note="evt_1").exists():
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
        DisposableDomain.objects.create(domain=f"{number}.example", note="evt_1")
        return True

    assert at_once(careless).count(True) > 1


@pytest.mark.django_db(transaction=True)
def test_payment_and_withdrawal_at_once_agree() -> None:
    """Either the money was faster and the owner hears so, or the demand ended and the money goes back."""
    for index in range(15):
        payment = asked(f"booking-{index}")
        note = paid(payment, f"ch_{index}", f"evt_{index}")
        results = at_once(
            lambda n, m=note, i=index: (
                receive_notice("sandbox", m, timezone.now()) if n else doors.withdraw_payment(f"booking-{i}")
            ),
            count=2,
        )
        charge = Charge.objects.get(payment=payment)
        assert (results[0] is doors.PaymentState.PAID) == (charge.state == "kept"), results


@pytest.mark.django_db(transaction=True)
def test_two_consumers_share_the_events() -> None:
    for index in range(20):
        receive_notice("sandbox", paid(asked(f"booking-{index}"), f"ch_{index}", f"evt_{index}"), timezone.now())

    def consume(_number: int) -> list[str]:
        with transaction.atomic():
            return [event.subject for event in doors.take_events(10, timezone.now())]

    taken = [subject for result in at_once(consume, 4) for subject in result]
    assert len(taken) == len(set(taken))


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
