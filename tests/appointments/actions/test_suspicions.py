"""A suspicion from the notice to its end: nobody loses anything without a notice, a week, and a person's decision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from antibot.actions.decide_appeal import decide_appeal
from antibot.actions.decide_case import DecisionRefusedError, dismiss, notify, uphold
from antibot.models import Appeal, OutboxEvent, RadarCase
from appointments.actions.cancellations import cancel
from appointments.actions.holds import hold
from appointments.actions.payments import take_payment_events
from appointments.actions.requests import enter_request
from appointments.models import Booking, CoolingOff, Request, Slot, Suspicion
from mailroom.models import Letter
from mailroom.post import send_due
from tests.accounts.people import make_staff
from tests.appointments.actions.test_money import ask, pay
from tests.cast import ALICE, ALICE_MAIL, BOB, BOB_MAIL, Scene, any_day, open_slots
from tests.concurrency.crowd import at_once

DAY = timedelta(days=1)
LETTERS = {"fr": "Votre demande est examinée", "ar": "طلبك قيد النظر", "en": "Your request is looked at"}


@dataclass
class Affair:
    """A case about Alice's standing request and Bob's paid booking."""

    now: datetime
    request: Request
    booking: Booking
    case: RadarCase
    officer: User

    def take(self, at: datetime) -> int:
        return sum(iter(lambda: take_payment_events(at), 0))

    def notified(self) -> None:
        notify(self.case.pk, self.now)
        self.take(self.now)

    def upheld(self, days: int = 7) -> None:
        at = self.now + days * DAY
        uphold(self.case.pk, reason="Sold on a market page.", by=self.officer, now=at)
        self.take(at)

    def fresh(self) -> tuple[Request, Booking]:
        return Request.objects.get(pk=self.request.pk), Booking.objects.get(pk=self.booking.pk)


def make_affair(scene: Scene, language: str = "en") -> Affair:
    now = timezone.now()
    request = enter_request(
        service=scene.drawn, people=[BOB], wishes=any_day(), contact=BOB_MAIL, language=language, now=now
    )
    # In a month: the decision of the seventh day comes before it, and in time for a refund.
    slot = open_slots(scene.first_come, 1, day=(now + 30 * DAY).date())[0]
    booking = hold(
        service=scene.first_come, slot_id=slot.pk, people=[ALICE], contact=ALICE_MAIL, language=language, now=now
    )
    Request.objects.filter(pk=booking.request_id).update(language=language)
    ask(booking, now)
    pay(booking, now)
    while take_payment_events(now):
        pass
    case = RadarCase.objects.create(
        reference="STESTCASE1",
        fingerprint=b"f" * 32,
        post_key=scene.post.key,
        score=80,
        explanation=[{"signal": "session", "count": 20, "points": 40}],
        subjects=[f"request:{request.reference}", booking.subject],
        identities=20,
        first_seen=now,
        last_seen=now,
        opened_at=now,
    )
    return Affair(now, request, booking, case, make_staff(Role.OFFICER, scene.post.key))


@pytest.fixture
def affair(scene: Scene) -> Affair:
    return make_affair(scene)


def letters(kind: str) -> int:
    return Letter.objects.filter(kind=kind).count()


def link_in(text: str) -> str:
    found = re.search(r"http://[^/]+(/antibot/objection/\S+)", text)
    assert found, text
    return found.group(1)


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_notice_says_what_was_seen_until_when_and_how_to_object(scene: Scene, language: str) -> None:
    affair = make_affair(scene, language)
    affair.notified()
    send_due()
    told = [letter for letter in mail.outbox if LETTERS[language] in letter.subject]
    assert {letter.to[0] for letter in told} == {ALICE_MAIL, BOB_MAIL}
    text = str(told[0].body)
    assert "20" in text
    city = {"fr": "Alger", "ar": "الجزائر", "en": "Algiers"}[language]
    assert city in text
    assert not re.search("[٠-٩]", text)
    page = Client(headers={"accept-language": language}).get(link_in(text))
    assert page.status_code == 200
    affair.request.refresh_from_db()
    assert affair.request.state == "standing"


def test_an_event_taken_twice_writes_one_letter_and_has_one_effect(affair: Affair) -> None:
    affair.notified()
    OutboxEvent.objects.update(consumed_at=None)
    affair.take(affair.now)
    assert (letters("suspicion_notice"), Suspicion.objects.count()) == (2, 2)
    affair.upheld()
    OutboxEvent.objects.filter(kind="suspected").update(consumed_at=None)
    affair.take(affair.now + 8 * DAY)
    assert letters("suspicion_upheld") == 2
    assert CoolingOff.objects.count() == 2


def test_dismissed_means_nothing_changes(affair: Affair) -> None:
    affair.notified()
    dismiss(affair.case.pk, reason="A travel club.", by=affair.officer, now=affair.now + DAY)
    affair.take(affair.now + DAY)
    request, booking = affair.fresh()
    assert (request.state, booking.state) == ("standing", "confirmed")
    assert letters("suspicion_dismissed") == 2
    assert set(Suspicion.objects.values_list("outcome", flat=True)) == {"dismissed"}
    send_due()
    assert any("nothing changes" in letter.subject for letter in mail.outbox)


def test_upheld_ends_the_request_and_cancels_the_booking_by_the_rules(affair: Affair) -> None:
    affair.notified()
    slot = Slot.objects.get(places__booking=affair.booking)
    affair.upheld()
    request, booking = affair.fresh()
    assert (request.state, request.ended_reason) == ("ended", "suspected")
    assert (booking.state, booking.request.ended_reason) == ("cancelled", "suspected")
    assert CoolingOff.objects.filter(reason="suspected").count() == 2
    slot.refresh_from_db()
    assert slot.state == "withheld"
    send_due()
    decided = [str(letter.body) for letter in mail.outbox if "decision about your request" in letter.subject]
    assert len(decided) == 2
    for text in decided:
        assert "Sold on a market page." in text
        assert "contact@post.example.org" in text
        assert "www.defenseurdesdroits.fr" in text


def test_money_goes_back_by_the_rule_of_the_service(affair: Affair) -> None:
    from antibot import doors

    affair.notified()
    affair.upheld()
    assert affair.fresh()[1].state == "cancelled"
    assert doors.payment_state(affair.booking.subject) in {"refund_due", "refunded"}
    send_due()
    assert any("paid back" in str(letter.body) for letter in mail.outbox if "decision" in letter.subject)


@pytest.mark.parametrize("without", ["notice", "address"])
def test_without_a_notice_nothing_can_be_taken_away(affair: Affair, without: str) -> None:
    if without == "address":
        Request.objects.update(contact="")
    notify(affair.case.pk, affair.now)
    if without == "notice":
        OutboxEvent.objects.filter(kind="suspected").delete()
    affair.take(affair.now)
    affair.upheld()
    request, booking = affair.fresh()
    assert (request.state, booking.state) == ("standing", "confirmed")
    assert letters("suspicion_upheld") == 0


@pytest.mark.parametrize("outcome", ["", "dismissed", "upheld too soon"])
def test_the_database_refuses_an_end_without_a_decision_after_the_objection_period(
    affair: Affair, outcome: str
) -> None:
    affair.notified()
    rows = Suspicion.objects.filter(request=affair.request)
    ended: dict[str, Any] = {"state": "ended", "ended_reason": "suspected", "ended_at": timezone.now()}

    def by_hand() -> None:
        if outcome:
            rows.update(outcome=outcome.partition(" ")[0], decided_at=affair.now + 6 * DAY)
        Request.objects.filter(pk=affair.request.pk).update(**ended)

    with pytest.raises(IntegrityError), transaction.atomic():
        by_hand()


def test_an_objection_is_answered_before_anything_is_decided(affair: Affair) -> None:
    affair.notified()
    send_due()
    mine = next(letter for letter in mail.outbox if letter.to == [BOB_MAIL] and "looked at" in letter.subject)
    page = link_in(str(mine.body))
    client = Client(headers={"accept-language": "en"})
    for _ in range(2):  # a double click
        assert client.post(page, {"text": "We are a travel club."}).status_code == 302
    objection = Appeal.objects.get()
    assert (objection.subject, objection.case, objection.post_key) == (
        f"request:{affair.request.reference}",
        affair.case,
        "dz-alg",
    )
    assert objection.reference in client.get(page).content.decode()
    with pytest.raises(DecisionRefusedError):
        affair.upheld()
    with pytest.raises(IntegrityError), transaction.atomic():
        RadarCase.objects.filter(pk=affair.case.pk).update(
            state="upheld", decided_at=affair.now + 8 * DAY, decided_by=affair.officer, reason="x"
        )
    assert decide_appeal(objection.pk, granted=True, answer="A club, indeed.", by=affair.officer, now=affair.now)
    affair.take(affair.now)
    affair.upheld()
    request, booking = affair.fresh()
    assert request.state == "standing"
    assert booking.request.ended_reason == "suspected"
    send_due()
    assert any("A club, indeed." in str(letter.body) for letter in mail.outbox if letter.to == [BOB_MAIL])


def test_a_declined_objection_is_answered_and_may_be_followed_by_another(affair: Affair) -> None:
    affair.notified()
    send_due()
    mine = next(letter for letter in mail.outbox if letter.to == [BOB_MAIL] and "looked at" in letter.subject)
    page, client = link_in(str(mine.body)), Client(headers={"accept-language": "en"})
    client.post(page, {"text": "No."})
    decide_appeal(
        Appeal.objects.get().pk, granted=False, answer="Please say who paid.", by=affair.officer, now=affair.now
    )
    affair.take(affair.now)
    send_due()
    assert any("Please say who paid." in str(letter.body) for letter in mail.outbox if letter.to == [BOB_MAIL])
    assert client.post(page, {"text": "My brother paid."}).status_code == 302
    assert Appeal.objects.filter(state="open").count() == 1


@pytest.mark.parametrize("token", ["x", "W10:1abc:xyz", "%00", "a" * 300])
def test_a_link_that_we_did_not_make_leads_nowhere(db: None, token: str) -> None:
    assert Client().get(f"/antibot/objection/{token}/").status_code == 404


def test_a_blocked_network_can_object(affair: Affair) -> None:
    from antibot.limits.origins import network_index
    from antibot.models import NetworkBlock

    affair.notified()
    send_due()
    page = link_in(str(next(letter for letter in mail.outbox if "looked at" in letter.subject).body))
    NetworkBlock.objects.create(
        network="127.0.0.1/32",
        network_index=network_index("127.0.0.1/32"),
        reason="x",
        starts_at=affair.now - DAY,
        ends_at=affair.now + DAY,
    )
    assert Client().post(page, {"text": "I object."}).status_code == 302
    assert Appeal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_person_who_cancels_at_the_same_moment_is_cancelled_once() -> None:
    from tests.cast import make_scene

    affair = make_affair(make_scene())
    affair.notified()
    at = affair.now + 7 * DAY
    uphold(affair.case.pk, reason="Sold.", by=affair.officer, now=at)

    def act(who: str) -> str:
        if who == "radar":
            return str(take_payment_events(at))
        try:
            cancel(booking=Booking.objects.get(pk=affair.booking.pk), by="applicant", now=affair.now)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return str(error)
        return "cancelled"

    outcome = at_once(act, ["radar", "person", "radar"])
    affair.take(at)
    request, booking = affair.fresh()
    assert (request.state, booking.state) == ("ended", "cancelled")
    assert outcome[1] in {"cancelled", "not_cancellable"}
    assert letters("suspicion_upheld") == 2
    assert letters("booking_cancelled") == (outcome[1] == "cancelled")
    assert CoolingOff.objects.filter(identity_index=booking.request.people.get().identity_index).count() == 1
    assert Slot.objects.get(places__booking=booking).state == "withheld"
