"""Strike, power cut: everybody affected is moved in one act."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from antibot import doors
from appointments.integrity import violations
from appointments.models import Booking, Closure, CoolingOff, Person, Request, Slot
from appointments.staff import closing
from mailroom.models import Letter
from mailroom.renderers import render
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import book, other_post, scene_at_work, slots_near_now
from tests.cast import ALICE, ALICE_MAIL, BOB, CHARLIE, Scene, make_service

pytestmark = pytest.mark.django_db
DAYS = 60 * 24


@pytest.fixture
def scene() -> Scene:
    return scene_at_work()


def closed_on(scene: Scene, slot: Slot, **more: object) -> Closure:
    return Closure(post=scene.post, first_day=slot.local_day, last_day=slot.local_day, reason="Strike", **more)


def test_everybody_affected_is_moved_and_nobody_else(scene: Scene) -> None:
    now = timezone.now()
    first = slots_near_now(scene.drawn, 3, minutes=5 * DAYS)
    family = book(scene.drawn, first[:2], [ALICE, BOB], contact=ALICE_MAIL)
    silent = book(scene.drawn, first[2:], [CHARLIE], contact="")
    other_day = slots_near_now(scene.drawn, 1, minutes=8 * DAYS)
    from tests.cast import person

    kept = book(scene.drawn, other_day, [person(5)])
    closure = closed_on(scene, first[0])
    closure.last_day = max(slot.local_day for slot in first)
    seen = closing.affected(closure, now)
    assert (seen.bookings, seen.people, seen.refunds, seen.drawn, seen.without_mail) == (2, 3, 2, 2, 1)
    assert seen.refund_cents == 3 * 2900
    assert not Closure.objects.exists()

    moved = closing.close_and_move(closure=closure, priority=True, by="hélène", now=now)
    assert (moved.bookings, moved.refunds, moved.requests, moved.letters) == (2, 2, 2, 1)
    assert moved.to_telephone == [silent.request.reference]
    for booking in (family, silent):
        booking.refresh_from_db()
        booking.request.refresh_from_db()
        assert (booking.state, booking.finished_by) == (Booking.State.CANCELLED, "hélène")
        assert booking.request.ended_reason == Request.Ended.POST_CLOSED
    kept.refresh_from_db()
    assert kept.state == Booking.State.CONFIRMED
    assert not CoolingOff.objects.exists()
    again = Request.objects.get(state=Request.State.STANDING, size=2)
    assert (again.weight, again.contact) == (13, ALICE_MAIL)
    people = Person.objects.filter(request=again).order_by("position")
    assert [p.given_names for p in people] == ["Alice Nour", "Bob Karim"]
    assert all(p.living for p in people)
    assert set(Slot.objects.filter(pk__in=[s.pk for s in first]).values_list("state", flat=True)) == {"removed"}
    # The scene's money was never in a gateway; everything else has to hold.
    assert [line for line in violations(now) if "money" not in line] == []


def test_the_letter_says_everything_in_the_readers_language(scene: Scene) -> None:
    slots = slots_near_now(scene.drawn, 1, minutes=5 * DAYS)
    booking = book(scene.drawn, slots, [ALICE], contact=ALICE_MAIL)
    closing.close_and_move(closure=closed_on(scene, slots[0]), priority=True, by="x", now=timezone.now())
    letter = Letter.objects.get(kind="post_closed")
    envelope = render(letter.kind, letter.subject_key, letter.payload)
    assert envelope is not None
    assert envelope.to == ALICE_MAIL
    assert "Strike" in envelope.text
    fresh = Request.objects.get(state=Request.State.STANDING)
    assert fresh.reference[:4] in envelope.text
    assert booking.request.reference[:4] in envelope.subject


def test_without_priority_and_for_first_come_services_there_is_only_the_money(scene: Scene) -> None:
    slots = slots_near_now(scene.first_come, 1, minutes=5 * DAYS)
    book(scene.first_come, slots, [ALICE])
    moved = closing.close_and_move(closure=closed_on(scene, slots[0]), priority=True, by="x", now=timezone.now())
    assert (moved.bookings, moved.refunds, moved.requests) == (1, 1, 0)
    assert not Request.objects.filter(state=Request.State.STANDING).exists()


def test_only_the_hours_and_the_counter_that_are_closed(scene: Scene) -> None:
    slots = slots_near_now(scene.first_come, 4, minutes=5 * DAYS)
    other = slots_near_now(scene.first_come, 1, minutes=5 * DAYS, counter=2)
    for index, slot in enumerate([*slots, *other]):
        from tests.cast import person

        book(scene.first_come, [slot], [person(index)])
    counter_closed = closed_on(scene, slots[0], counter=slots[0].counter)
    counter_closed.last_day = slots[0].local_day + timedelta(days=1)
    assert closing.affected(counter_closed, timezone.now()).bookings == 4
    if slots[1].local_day == slots[0].local_day and slots[1].local_time > slots[0].local_time:
        hours = closed_on(scene, slots[0], starts=slots[0].local_time, ends=slots[1].local_time)
        assert closing.affected(hours, timezone.now()).bookings == 2


def test_money_is_really_asked_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = doors.refund
    monkeypatch.setattr(
        doors, "refund", lambda subject, reason, now: (asked.append(subject), real(subject, reason, now))
    )
    slots = slots_near_now(scene.drawn, 1, minutes=5 * DAYS)
    booking = book(scene.drawn, slots, [ALICE])
    closing.close_and_move(closure=closed_on(scene, slots[0]), priority=False, by="x", now=timezone.now())
    assert asked == [booking.subject]


def address(post: str = "dz-alg", **query: object) -> str:
    from urllib.parse import urlencode

    return reverse("admin:closing", args=[post]) + "?" + urlencode(query)


def test_the_page_previews_then_acts(scene: Scene) -> None:
    head: Client = signed_in(make_staff(Role.HEAD, "dz-alg"))
    slots = slots_near_now(scene.drawn, 1, minutes=5 * DAYS)
    booking = book(scene.drawn, slots, [ALICE])
    day = slots[0].local_day
    preview = address(first_day=day, last_day=day, reason="Strike", priority="on")
    assert head.get(preview).status_code == 200
    booking.refresh_from_db()
    assert booking.state == Booking.State.CONFIRMED
    assert not Closure.objects.exists()
    assert head.post(preview).status_code == 302
    booking.refresh_from_db()
    assert booking.state == Booking.State.CANCELLED
    assert Closure.objects.get().reason == "Strike"
    assert head.post(preview).status_code == 302
    assert Letter.objects.filter(kind="post_closed").count() == 1


def test_who_may_not_plan_may_not_close(scene: Scene) -> None:
    other_post()
    day = timezone.now().date() + timedelta(days=3)
    query = {"first_day": day, "last_day": day, "reason": "x"}
    assert signed_in(make_staff(Role.OFFICER, "dz-alg")).post(address(**query)).status_code == 403
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    assert head.post(address("ma-rab", **query)).status_code == 403
    stale = signed_in(make_staff(Role.HEAD, "dz-alg", name="zoé"), fresh=False)
    assert "again=1" in stale.post(address(**query))["Location"]
    assert not Closure.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"last_day": "2020-01-01"},
        {"first_day": "2031-01-02", "last_day": "2031-01-01"},
        {"first_day": "2031-01-01", "last_day": "2032-01-01"},
        {"starts": "10:00"},
        {"starts": "12:00", "ends": "10:00"},
        {"first_day": "nonsense"},
        {"counter": "999999"},
    ],
)
def test_bad_input_closes_nothing(scene: Scene, bad: dict[str, str]) -> None:
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    query = {"first_day": "2031-01-01", "last_day": "2031-01-01", "reason": "x"} | bad
    assert head.post(address(**query)).status_code == 200
    assert not Closure.objects.exists()


def test_a_counter_of_another_post_is_not_offered(scene: Scene) -> None:
    foreign = make_service(other_post(), "first_come", code="PASSPORT", family="passport")
    slot = slots_near_now(foreign, 1)[0]
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    head.post(address(first_day="2031-01-01", last_day="2031-01-01", reason="x", counter=slot.counter_id))
    assert not Closure.objects.exists()
