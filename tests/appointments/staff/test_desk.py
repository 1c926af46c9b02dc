"""Walk-ins, the standby list, desk entry with its receipt, corrections and cancellations."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessRecord, Role
from appointments.actions.requests import enter_request
from appointments.domain.wishes import Wishes
from appointments.models import Booking, Correction, Person, Place, Request, Service, Slot, TillReceipt
from appointments.staff import walk_ins
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import ZONE, book, other_post, scene_at_work, slots_near_now
from tests.cast import ALICE, ALICE_MAIL, BOB, CHARLIE, Scene, make_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return scene_at_work()


@pytest.fixture
def officer(scene: Scene) -> Client:
    return signed_in(make_staff(Role.OFFICER, "dz-alg"))


def filled(*people: object, **more: object) -> dict[str, object]:
    data: dict[str, object] = {"people-TOTAL_FORMS": 6, "people-INITIAL_FORMS": 0, "people-MIN_NUM_FORMS": 6}
    data["people-MAX_NUM_FORMS"] = 6
    for index in range(6):
        usual = {"nationality": "DZ", "passport_country": "DZ"}
        if index < len(people):
            person = people[index]
            names = ("family_name", "given_names", "birth_date", "nationality", "passport_country", "passport_number")
            usual = {name: getattr(person, name) for name in names}
        data |= {f"people-{index}-{name}": value for name, value in usual.items()}
    return data | {"language": "fr", "contact": ""} | more


def free_of_charge(scene: Scene) -> Service:
    """The passport service, as most posts have it: nothing is paid."""
    Service.objects.filter(pk=scene.first_come.pk).update(service_fee_cents=0)
    scene.first_come.refresh_from_db()
    return scene.first_come


def day_wishes(**more: object) -> dict[str, object]:
    today = timezone.now().astimezone(ZONE).date()
    return {
        "first_day": today, "last_day": today + timedelta(days=30), "earliest": "08:00", "latest": "18:00",
        "weekdays": [0, 1, 2, 3, 4, 5, 6],
    } | more  # fmt: skip


def test_a_walk_in_gets_a_free_slot_of_today(scene: Scene, officer: Client) -> None:
    slot = slots_near_now(free_of_charge(scene), 1, minutes=30)[0]
    answer = officer.post(reverse("admin:walk_in", args=["dz-alg"]), filled(ALICE, slot=slot.pk))
    assert answer.status_code == 302, answer.context["form"].errors
    booking = Booking.objects.get()
    assert (booking.origin, booking.state, booking.amount_cents) == ("walk_in", "confirmed", 0)
    assert not TillReceipt.objects.exists()
    slot.refresh_from_db()
    assert slot.state == Slot.State.TAKEN
    assert booking.request.origin == Request.Origin.DESK
    page = officer.get(answer["Location"]).content.decode()
    assert f'value="{booking.places.get().pk}:match"' in page


def test_a_walk_in_follows_the_rules_of_everybody(scene: Scene, officer: Client) -> None:
    taken, free, soon = slots_near_now(free_of_charge(scene), 3, minutes=30)
    book(scene.first_come, [taken], [ALICE])
    address = reverse("admin:walk_in", args=["dz-alg"])
    refused = officer.post(address, filled(ALICE, slot=free.pk))
    assert refused.status_code == 200
    assert refused.context["form"].non_field_errors()
    assert officer.post(address, filled(CHARLIE, slot=taken.pk)).status_code == 200
    assert officer.post(address, filled(slot=free.pk)).status_code == 200
    assert Booking.objects.count() == 1
    assert officer.post(address, filled(CHARLIE, slot=soon.pk)).status_code == 302


def test_a_family_walks_in_side_by_side_or_not_at_all(scene: Scene, officer: Client) -> None:
    first, _second = slots_near_now(free_of_charge(scene), 2, minutes=30)
    address = reverse("admin:walk_in", args=["dz-alg"])
    assert officer.post(address, filled(ALICE, BOB, CHARLIE, slot=first.pk)).status_code == 200
    assert not Booking.objects.exists()
    assert officer.post(address, filled(ALICE, BOB, slot=first.pk)).status_code == 302
    assert Place.objects.filter(living=True).count() == 2


def test_slots_of_other_days_and_posts_are_not_offered(scene: Scene, officer: Client) -> None:
    far = slots_near_now(scene.first_come, 1, minutes=60 * 30)[0]
    foreign = make_service(other_post(), "first_come", code="PASSPORT", family="passport")
    theirs = slots_near_now(foreign, 1, minutes=30)[0]
    for slot in (far, theirs):
        assert officer.post(reverse("admin:walk_in", args=["dz-alg"]), filled(ALICE, slot=slot.pk)).status_code == 200
    assert not Booking.objects.exists()


def standing(scene: Scene, person: object, *, short_notice: bool = True, lost: int = 0) -> Request:
    now = timezone.now()
    today = now.astimezone(ZONE).date()
    wishes = Wishes(today, today + timedelta(days=30), short_notice=short_notice)
    row = enter_request(service=scene.drawn, people=[person], wishes=wishes, contact=ALICE_MAIL, language="fr", now=now)
    Request.objects.filter(pk=row.pk).update(draws_lost=lost)
    return row


def test_the_standby_list_has_a_fixed_order_and_serves_who_stands_here(scene: Scene, officer: Client) -> None:
    first, second = standing(scene, ALICE), standing(scene, BOB, lost=3)
    standing(scene, CHARLIE, short_notice=False)
    now = timezone.now()
    assert [row.pk for row in walk_ins.standby(scene.post, now.astimezone(ZONE))] == [second.pk, first.pk]
    slot = slots_near_now(scene.drawn, 1, minutes=30)[0]
    page = officer.get(reverse("admin:standby", args=["dz-alg"])).content.decode()
    assert "BENALI" not in page

    def serve(row: Request, **more: str):
        address = reverse("admin:standby_serve", args=["dz-alg", row.reference])
        return officer.post(address, {"slot": slot.pk} | more)

    assert serve(second).status_code == 200, "its fee was not taken"
    assert serve(second, paid_with="cash").status_code == 302
    second.refresh_from_db()
    assert second.state == Request.State.SERVED
    assert second.booking.origin == Booking.Origin.WALK_IN
    assert second.booking.amount_cents == 2900
    serve(first, paid_with="cash")
    first.refresh_from_db()
    assert first.state == Request.State.STANDING


def test_a_request_at_the_desk_is_in_the_same_draw_and_has_a_receipt(scene: Scene, officer: Client) -> None:
    address = reverse("admin:desk_entry", args=["dz-alg"])
    answer = officer.post(address, filled(ALICE, BOB, service=scene.drawn.pk, **day_wishes()))
    assert answer.status_code == 302, answer.context["form"].errors
    row = Request.objects.get()
    online = standing(scene, CHARLIE)
    assert (row.origin, row.weight, row.size) == (Request.Origin.DESK, online.weight, 2)
    page = officer.get(answer["Location"]).content.decode()
    assert row.ticket_id in page
    assert row.reference[:4] in page
    assert "Alice Nour" in page
    assert AccessRecord.objects.filter(action="print", subject=row.reference).exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"people-0-passport_number": "1"},
        {"people-0-birth_date": "2090-01-01"},
        {"people-0-family_name": "\u202e\u200b"},
        {"people-0-family_name": "X" * 10_000_000},
        {"people-0-given_names": "a\x00b"},
        {"last_day": "2020-01-01"},
        {"earliest": "19:00"},
        {"weekdays": []},
        {"contact": "no address"},
        {"service": "999999"},
        {"people-TOTAL_FORMS": 1000},
    ],
)
def test_bad_input_enters_nothing(scene: Scene, officer: Client, bad: dict[str, object]) -> None:
    data = filled(ALICE, service=scene.drawn.pk, **day_wishes()) | bad
    answer = officer.post(reverse("admin:desk_entry", args=["dz-alg"]), data)
    assert answer.status_code in {200, 400}
    assert not Request.objects.exists()


def test_a_first_come_service_is_not_entered_at_the_desk(scene: Scene, officer: Client) -> None:
    data = filled(ALICE, service=scene.first_come.pk, **day_wishes())
    assert officer.post(reverse("admin:desk_entry", args=["dz-alg"]), data).status_code == 200
    assert not Request.objects.exists()


def test_an_agent_grants_no_urgent_place(scene: Scene) -> None:
    agent = signed_in(make_staff(Role.AGENT, "dz-alg"))
    assert b'name="urgent"' not in agent.get(reverse("admin:desk_entry", args=["dz-alg"])).content


def correct(client: Client, request: Request, **data: str):
    return client.post(reverse("admin:correct", args=["dz-alg", request.reference, 0]), data)


def test_a_typing_mistake_is_mended_with_a_reason(scene: Scene, officer: Client) -> None:
    row = standing(scene, ALICE)
    assert correct(officer, row, field="family_name", text="BENALLI", reason="double l").status_code == 302
    assert Person.objects.get().family_name == "BENALLI"
    mended = Correction.objects.get()
    assert (mended.author, mended.reason, mended.distance) == ("omar", "double l", 1)
    page = officer.get(reverse("admin:staff_request", args=["dz-alg", row.reference])).content.decode()
    assert "double l" in page


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("family_name", "MEZIANE"),
        ("passport_number", "AB7654321"),
        ("birth_date", "1990-04-32"),
        ("birth_date", "12.4.1990"),
        ("family_name", "BENALI"),
        ("contact", "x@example.org"),
        ("identity_index", "x"),
    ],
)
def test_another_person_is_no_typing_mistake(scene: Scene, officer: Client, field: str, text: str) -> None:
    row = standing(scene, ALICE)
    assert correct(officer, row, field=field, text=text, reason="because").status_code == 200
    person = Person.objects.get()
    assert (person.family_name, person.passport_number, person.birth_date) == ("BENALI", "AB1234567", "1990-04-12")
    assert not Correction.objects.exists()


def test_an_agent_mends_and_cancels_nothing(scene: Scene) -> None:
    row = standing(scene, ALICE)
    agent = signed_in(make_staff(Role.AGENT, "dz-alg"))
    assert correct(agent, row, field="family_name", text="BENALLI", reason="x").status_code == 403
    assert agent.post(reverse("admin:staff_cancel", args=["dz-alg", row.reference])).status_code == 403
    row.refresh_from_db()
    assert row.state == Request.State.STANDING


def test_cancelling_for_somebody_gives_the_slot_back_to_the_pool(scene: Scene, officer: Client) -> None:
    slot = slots_near_now(scene.first_come, 1, minutes=60 * 24 * 5)[0]
    booking = book(scene.first_come, [slot], [ALICE])
    address = reverse("admin:staff_cancel", args=["dz-alg", booking.request.reference])
    assert officer.get(address).status_code == 200
    booking.refresh_from_db()
    assert booking.state == Booking.State.CONFIRMED
    assert officer.post(address).status_code == 302
    booking.refresh_from_db()
    slot.refresh_from_db()
    assert (booking.state, booking.finished_by, slot.state) == ("cancelled", "omar", Slot.State.WITHHELD)


def test_every_look_at_a_person_is_written_down(scene: Scene, officer: Client) -> None:
    row = standing(scene, ALICE)
    officer.get(reverse("admin:staff_request", args=["dz-alg", row.reference]))
    seen = AccessRecord.objects.get(action="read")
    assert (seen.user_name, seen.role, seen.subject, seen.post_key) == ("omar", "officer", row.reference, "dz-alg")
