"""Service fees at the desk: taken with a receipt, counted, given back; the books agree."""

import hashlib
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from antibot.actions.import_vouchers import import_vouchers
from antibot.models import Charge, VoucherBatch
from antibot.queries.reconciliation import disagreements, totals
from antibot.tasks import move_money
from appointments.actions.counter import check_in
from appointments.actions.payments import take_payment_events
from appointments.integrity import violations
from appointments.models import Booking, Closure, Request, TillReceipt
from appointments.staff import closing
from appointments.watch.counting import count_days
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import other_post, scene_at_work, slots_near_now
from tests.appointments.staff.test_desk import filled
from tests.cast import ALICE, BOB, CHARLIE, Scene

pytestmark = pytest.mark.django_db
VOUCHER = "0123456789ABCDEF"


@pytest.fixture
def scene() -> Scene:
    return scene_at_work()


@pytest.fixture
def agent(scene: Scene) -> Client:
    return signed_in(make_staff(Role.AGENT, "dz-alg"))


def walk_in(client: Client, slot: int, *people: object, **more: str):
    return client.post(reverse("admin:walk_in", args=["dz-alg"]), filled(*people, slot=slot) | more)


@pytest.mark.parametrize("method", ["cash", "card"])
def test_a_fee_is_taken_with_a_receipt_for_each_person(scene: Scene, agent: Client, method: str) -> None:
    first, _second = slots_near_now(scene.first_come, 2, minutes=30)
    answer = walk_in(agent, first.pk, ALICE, BOB, paid_with=method)
    booking = Booking.objects.get()
    assert answer["Location"] == reverse("admin:till_receipt", args=["dz-alg", booking.request.reference])
    page = agent.get(answer["Location"]).content.decode()
    assert booking.reference in page
    assert "58,00" in page
    assert (booking.state, booking.amount_cents, booking.paid_at is not None) == ("confirmed", 5800, True)
    receipt = TillReceipt.objects.get()
    assert (receipt.method, receipt.taken_by) == (method, "amina")
    assert list(violations(timezone.now())) == []


@pytest.mark.parametrize("method", ["", "gold", "voucher"])
def test_without_money_there_is_no_booking(scene: Scene, agent: Client, method: str) -> None:
    slot = slots_near_now(scene.first_come, 1, minutes=30)[0]
    assert walk_in(agent, slot.pk, ALICE, paid_with=method).status_code == 200
    assert not Booking.objects.exists()
    assert not Request.objects.exists()
    assert not Charge.objects.exists()


def test_a_voucher_pays_once(scene: Scene, agent: Client) -> None:
    now = timezone.now()
    batch = VoucherBatch.objects.create(
        label="bank", post_key="dz-alg", amount_cents=2900, currency="EUR", imported_at=now,
        valid_until=(now + timedelta(days=30)).date(), imported_by=make_staff(Role.CENTRE),
    )  # fmt: skip
    import_vouchers(batch, [hashlib.sha256(VOUCHER.encode()).hexdigest()])
    first, second = slots_near_now(scene.first_come, 2, minutes=30)
    assert walk_in(agent, first.pk, ALICE, paid_with="voucher", voucher="0123-4567-89AB-CDEF").status_code == 302
    assert walk_in(agent, second.pk, CHARLIE, paid_with="voucher", voucher=VOUCHER).status_code == 200
    assert [receipt.method for receipt in TillReceipt.objects.all()] == ["voucher"]
    assert list(violations(now)) == []


def test_the_money_report_the_figures_and_the_count_of_the_day_agree(scene: Scene, agent: Client) -> None:
    now = timezone.now()
    first, second, third = slots_near_now(scene.first_come, 3, minutes=30)
    walk_in(agent, first.pk, ALICE, paid_with="cash")
    walk_in(agent, second.pk, BOB, paid_with="card")
    walk_in(agent, third.pk, CHARLIE, paid_with="cash")
    sums = {total.gateway: total.kept for total in totals(now - timedelta(hours=1), now + timedelta(hours=1))}
    assert sums == {"till_cash": 5800, "till_card": 2900}
    page = agent.get(reverse("admin:till", args=["dz-alg"]) + f"?day={first.local_day}").content.decode()
    for amount in ("58,00", "29,00", "87,00"):
        assert amount in page
    count_days(now.date() - timedelta(days=1), now.date() + timedelta(days=1))
    assert scene.post.figures.filter(span="day", service=scene.first_come).latest("first_day").paid == 3
    assert list(disagreements(now)) == []
    # Whoever was checked in before the books were read keeps the appointment and the receipt.
    check_in(place=Booking.objects.order_by("pk")[0].places.get(), outcome="match", by="x", now=now)
    assert take_payment_events(now) == 0
    assert not Charge.objects.exclude(state="kept").exists()


def test_a_power_cut_gives_the_money_back_over_the_desk_once(scene: Scene, agent: Client) -> None:
    now = timezone.now()
    slot = slots_near_now(scene.first_come, 1, minutes=60)[0]
    walk_in(agent, slot.pk, ALICE, paid_with="cash")
    booking = Booking.objects.get()
    closure = Closure(post=scene.post, first_day=slot.local_day, last_day=slot.local_day, reason="power cut")
    closing.close_and_move(closure=closure, priority=True, by="x", now=now)
    assert Charge.objects.get().state == "refund_due"
    move_money()
    assert Charge.objects.get().state == "refund_due", "no machine gives cash back"
    page = reverse("admin:till", args=["dz-alg"])
    assert booking.request.reference[:4] in agent.get(page).content.decode()
    for _ in range(2):
        agent.post(page, {"reference": booking.request.reference})
    receipt = TillReceipt.objects.get()
    assert (receipt.returned_by, Charge.objects.get().state) == ("amina", "refunded")
    assert booking.request.reference[:4] not in agent.get(page).content.decode()
    take_payment_events(now)
    assert list(violations(timezone.now())) == []


def test_the_till_of_another_post_stays_shut(scene: Scene, agent: Client) -> None:
    slot = slots_near_now(scene.first_come, 1, minutes=60)[0]
    walk_in(agent, slot.pk, ALICE, paid_with="cash")
    reference = Booking.objects.get().request.reference
    other_post()
    stranger = signed_in(make_staff(Role.AGENT, "ma-rab", name="samir"))
    assert stranger.get(reverse("admin:till", args=["dz-alg"])).status_code == 403
    assert stranger.post(reverse("admin:till", args=["ma-rab"]), {"reference": reference}).status_code == 404
    assert stranger.get(reverse("admin:till_receipt", args=["ma-rab", reference])).status_code == 404
    auditor = signed_in(make_staff(Role.AUDITOR))
    assert auditor.get(reverse("admin:till", args=["dz-alg"])).status_code == 200
    assert auditor.post(reverse("admin:till", args=["dz-alg"]), {"reference": reference}).status_code == 403
