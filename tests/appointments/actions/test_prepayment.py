"""Staff may take the fee at the counter instead of in advance, for one service, without a deployment."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from antibot.models import PolicyVersion
from appointments.actions.holds import hold
from appointments.models import Booking
from tests.cast import ALICE, ALICE_MAIL, Scene, open_slots


def _held(scene: Scene) -> Booking:
    return hold(
        service=scene.first_come, slot_id=open_slots(scene.first_come, 1)[0].pk, people=[ALICE], contact=ALICE_MAIL,
        language="en", now=timezone.now() + timedelta(seconds=1),
    )  # fmt: skip


def _switch_off(scene: Scene) -> None:
    PolicyVersion.objects.create(
        scope_key=scene.first_come.scope_key, version=1, values={"prepayment": False}, reason="No bank in town",
        created_at=timezone.now(),
    )  # fmt: skip


def test_with_prepayment_a_place_waits_for_the_money(scene: Scene) -> None:
    booking = _held(scene)
    assert booking.state == Booking.State.HELD
    assert booking.amount_cents == scene.first_come.service_fee_cents > 0


def test_without_prepayment_the_place_is_confirmed_at_once(scene: Scene) -> None:
    _switch_off(scene)
    booking = _held(scene)
    assert booking.state == Booking.State.CONFIRMED
    assert booking.amount_cents == 0


def test_without_prepayment_the_page_of_the_service_says_where_to_pay(scene: Scene, client: Client) -> None:
    _switch_off(scene)
    address = f"/posts/{scene.first_come.post.key}/{scene.first_come.slug}/"
    page = client.get(address, headers={"accept-language": "en"}).content.decode()
    assert "Paid at the counter, on the day of the appointment." in page
    assert "Paid on this site" not in page
