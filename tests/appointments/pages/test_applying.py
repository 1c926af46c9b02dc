"""Applying without JavaScript: from the first page to a request or a held slot."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from antibot.models import OneTimeCode
from appointments.actions.payments import take_payment_events
from appointments.models import Booking, Draft, Person, Request
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, BOB, BOB_MAIL, CHARLIE, CHARLIE_MAIL, Scene, open_slots

pytestmark = pytest.mark.usefixtures("assert_no_violations")
TD3 = (
    "P<DZABENALI<<ALICE<NOUR<<<<<<<<<<<<<<<<<<<<<",
    "AB12345677DZA9004120F3101013<<<<<<<<<<<<<<02",
)


def test_a_family_asks_for_a_drawn_service(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    row = alice.ask(scene.drawn, ALICE, BOB)
    page = alice.get(f"/my/{row.reference}/").content.decode()
    assert "Your request stands" in page
    assert row.ticket_id in page
    assert row.size == 2
    assert row.state == Request.State.STANDING
    assert [person.given_names for person in row.people.order_by("position")] == ["Alice Nour", "Bob Karim"]
    assert row.contact == ALICE_MAIL


def test_first_come_is_held_paid_confirmed_and_cancelled(scene: Scene) -> None:
    slots = open_slots(scene.first_come, 3)
    alice = Visitor(ALICE_MAIL)
    row = alice.hold(scene.first_come, slots[0].pk, ALICE)
    page = f"/my/{row.reference}/"
    assert "A place is held for you" in alice.get(page).content.decode()
    pay_page = alice.post(f"{page}pay/")["Location"]
    bank = alice.post(pay_page, how="card")["Location"]
    alice.post("/" + bank.split("/", 3)[3] if bank.startswith("http") else bank, act="pay")
    alice.bank_tells()
    assert alice.get(f"{page}paid/")["Location"] == page
    confirmed = alice.get(page).content.decode()
    assert "Your appointment is confirmed" in confirmed
    assert alice.get(f"{page}confirmation.pdf").content.startswith(b"%PDF")
    assert b"BEGIN:VEVENT" in alice.get(f"{page}appointment.ics").content

    OneTimeCode.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    assert alice.post(f"{page}cancel/").status_code == 302
    assert "fresh code" in alice.get(f"{page}cancel/").content.decode()
    assert alice.post(f"{page}cancel/", code=alice.code())["Location"] == page
    assert "was cancelled" in alice.get(page).content.decode()
    slots[0].refresh_from_db()
    assert slots[0].state == "withheld"


def test_the_code_of_applying_does_not_cancel(scene: Scene) -> None:
    slots = open_slots(scene.first_come, 1)
    alice = Visitor(ALICE_MAIL)
    row = alice.hold(scene.first_come, slots[0].pk, ALICE)
    answer = alice.post(f"/my/{row.reference}/cancel/", code=alice.code())
    assert answer.status_code == 200
    assert Booking.objects.get().state == Booking.State.HELD


def test_a_double_click_and_a_second_tab_end_at_the_same_page(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    row = alice.ask(scene.drawn, ALICE)
    for path in ("check", "wishes", "people", "contact", "code"):
        assert alice.post(alice.step(path))["Location"] == f"/my/{row.reference}/"
    assert alice.get(alice.step("check"))["Location"] == f"/my/{row.reference}/"
    assert Request.objects.count() == 1


def test_two_starts_give_one_draft(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    first = alice.draft
    alice.begin(scene.drawn)
    assert alice.draft == first
    assert Draft.objects.count() == 1


def test_what_was_typed_is_there_after_a_mistake_and_after_a_reload(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    alice.prove_contact()
    wrong = alice.enter(ALICE, passport_number="1", birth_date_1="13")
    assert wrong.status_code == 200
    body = wrong.content.decode()
    assert "This date does not exist" in body
    assert 'href="#id_birth_date_0"' in body
    assert 'href="#id_passport_number"' in body
    again = alice.get(f"/apply/{alice.draft}/people/1/").content.decode()
    for value in ("BENALI", "Alice Nour", 'value="13"', 'value="1990"'):
        assert value in again


def test_passport_lines_fill_in_the_form(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    alice.prove_contact()
    lines = {"mrz_1": TD3[0], "mrz_2": _checked(TD3[1]), "read": "1", "given_names": "typed before"}
    answer = alice.post(f"/apply/{alice.draft}/people/1/", **lines)
    assert answer.status_code == 302, answer.content.decode()
    body = alice.get(answer["Location"]).content.decode()
    for value in ('value="BENALI"', 'value="ALICE NOUR"', 'value="AB1234567"', 'value="1990"'):
        assert value in body
    assert '<option value="DZ" selected>' in body


def test_a_wrong_check_digit_is_named(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    alice.prove_contact()
    second = _checked(TD3[1])
    broken = second[:9] + str((int(second[9]) + 1) % 10) + second[10:]
    answer = alice.post(f"/apply/{alice.draft}/people/1/", mrz_1=TD3[0], mrz_2=broken, read="1")
    assert "passport number in the second line does not agree" in answer.content.decode()


def _checked(line: str) -> str:
    from appointments.domain.mrz import check_digit

    number, born, ends = line[:9], line[13:19], line[21:27]
    body = number + check_digit(number) + line[10:13] + born + check_digit(born) + line[20] + ends + check_digit(ends)
    body += "<" * 14 + "0"
    return body + check_digit(body[:10] + body[13:20] + body[21:43])


def test_arabic_figures_and_spaces_are_stored_in_their_canonical_form(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    alice.prove_contact()
    born = {"birth_date_0": "١٢", "birth_date_1": "٠٤", "birth_date_2": "١٩٩٠"}
    assert alice.enter(ALICE, passport_number=" ab ١٢٣-٤٥٦٧ ", **born).status_code == 302
    kept = alice.kept()["people"][0]
    assert kept["birth_date"] == "1990-04-12"
    assert kept["passport_number"] == "AB1234567"


def test_the_code_may_be_typed_in_arabic_figures(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    page = alice.step("contact")
    alice.post(page, contact=ALICE_MAIL, **alice.challenge(page))
    arabic = alice.code().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert alice.post(alice.step("code"), code=f" {arabic[:3]} {arabic[3:]} ").status_code == 302


def test_steps_cannot_be_skipped(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    for path in ("code", "people", "wishes", "check"):
        assert alice.get(alice.step(path))["Location"] == alice.step("contact")
        assert alice.post(alice.step(path))["Location"] == alice.step("contact")
    assert alice.get(alice.step("slots")).status_code == 302
    assert not Request.objects.exists()


def test_after_half_an_hour_the_address_is_asked_again_and_nothing_is_lost(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.ready(scene.drawn, ALICE)
    alice.wishes()
    OneTimeCode.objects.update(
        created_at=F("created_at") - timedelta(minutes=31), opened_until=F("opened_until") - timedelta(minutes=31)
    )
    assert alice.post(alice.step("check"))["Location"] == alice.step("contact")
    assert "half an hour" in alice.get(alice.step("contact")).content.decode()
    alice.prove_contact()
    assert alice.post(alice.step("check"))["Location"].startswith("/my/")
    assert Request.objects.count() == 1


def test_a_passport_with_a_living_request_gets_a_neutral_answer(scene: Scene) -> None:
    Visitor(ALICE_MAIL).ask(scene.drawn, ALICE)
    charlie = Visitor(CHARLIE_MAIL)
    charlie.ready(scene.drawn, ALICE)
    charlie.wishes()
    answer = charlie.post(charlie.step("check"))
    assert answer.status_code == 409
    body = answer.content.decode()
    assert "already has a request" in body
    assert ALICE_MAIL not in body
    assert Request.objects.count() == 1
    assert charlie.kept()["people"]


def test_other_peoples_requests_and_drafts_are_not_there(scene: Scene) -> None:
    alice, bob = Visitor(ALICE_MAIL), Visitor(BOB_MAIL)
    row = alice.ask(scene.drawn, ALICE)
    bob.ask(scene.drawn, BOB)
    for path in ("", "pay/", "wishes/", "withdraw/", "cancel/", "confirmation.pdf", "appointment.ics"):
        foreign = bob.get(f"/my/{row.reference}/{path}")
        unknown = bob.get(f"/my/0000-0000-0000/{path}")
        assert foreign.status_code == unknown.status_code == 404
        assert b"BENALI" not in foreign.content
    assert bob.post(f"/my/{row.reference}/withdraw/").status_code == 404
    assert bob.get(alice.step("check")).status_code == 404
    assert Request.objects.get(pk=row.pk).state == Request.State.STANDING


def test_coming_back_with_another_browser(scene: Scene) -> None:
    row = Visitor(ALICE_MAIL).ask(scene.drawn, ALICE)
    OneTimeCode.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    later = Visitor(ALICE_MAIL)
    assert later.get(f"/my/{row.reference}/")["Location"] == "/my/"
    assert later.post("/my/", contact=" Alice@Example.org", **later.challenge("/my/"))["Location"] == "/my/code/"
    assert later.post("/my/code/", code=later.code())["Location"] == f"/my/{row.reference}/"
    assert row.reference[:4] in later.get("/my/").content.decode()


def test_wishes_can_be_changed_and_a_request_withdrawn(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    row = alice.ask(scene.drawn, ALICE)
    day = (timezone.now() + timedelta(days=20)).date()
    typed = {"first_day": day.isoformat(), "last_day": (day + timedelta(days=9)).isoformat(), "weekdays": [0, 1]}
    assert alice.post(f"/my/{row.reference}/wishes/", **typed).status_code == 302
    row.refresh_from_db()
    assert (row.first_day, row.weekdays) == (day, 3)
    assert alice.post(f"/my/{row.reference}/withdraw/").status_code == 302
    row.refresh_from_db()
    assert row.ended_reason == Request.Ended.WITHDRAWN
    assert not Person.objects.filter(living=True).exists()


def test_somebody_is_removed_before_sending(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.ready(scene.drawn, ALICE, BOB, CHARLIE)
    assert alice.post(alice.step("people"), remove="2").status_code == 302
    assert [kept["given_names"] for kept in alice.kept()["people"]] == ["Alice Nour", "Charlie"]


def test_holding_costs_a_bounded_number_of_queries(scene: Scene, django_assert_max_num_queries) -> None:
    slots = open_slots(scene.first_come, 40)
    alice = Visitor(ALICE_MAIL)
    alice.ready(scene.first_come, ALICE)
    with django_assert_max_num_queries(60):
        assert alice.post(alice.step("slots"), slot=slots[0].pk).status_code == 302
    take_payment_events(timezone.now())
