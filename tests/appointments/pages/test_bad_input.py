"""What people and programs send that cannot be right: a clear page, and nothing half written."""

import pytest

from appointments.models import Draft, Request
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, BOB, BOB_MAIL, Scene, open_slots


@pytest.fixture
def alice(scene: Scene) -> Visitor:
    visitor = Visitor(ALICE_MAIL)
    visitor.begin(scene.drawn)
    visitor.prove_contact()
    return visitor


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("family_name", "BEN\u202eALI", "invisible signs that turn the writing direction"),
        ("family_name", "BEN\x00ALI", "signs that cannot be printed"),
        ("family_name", "B" * 81, "too long"),
        ("family_name", "B" * 5000, "too long"),
        ("family_name", "بن علي", "Latin letters"),
        ("family_name", "BEN4LI", "no figures"),
        ("family_name", "---", "in letters"),
        ("family_name", "<script>", "in letters"),
        ("family_name", "", "Write the family name"),
        ("passport_number", "A\u2066B123456", "invisible signs"),
        ("passport_number", "12", "5 to 15"),
        ("birth_date_0", "31٫5", "does not exist"),
        ("birth_date_2", "2190", "in the future"),
        ("birth_date_2", "1790", "too far back"),
        ("birth_date_2", "99999999", "does not exist"),
        ("nationality", "XX", "XX"),
    ],
)
def test_a_field_that_cannot_be_right_is_named(alice: Visitor, field: str, typed: str, sentence: str) -> None:
    answer = alice.enter(ALICE, **{field: typed})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert "error-summary" in answer.content.decode()
    assert not alice.kept().get("people")


def test_ten_megabytes_of_name_are_turned_away(alice: Visitor) -> None:
    answer = alice.enter(ALICE, family_name="B" * 10_000_000)
    assert answer.status_code == 400
    assert "could not read" in answer.content.decode()
    assert not alice.kept().get("people")


@pytest.mark.parametrize("typed", ["000000", "", "abcdef", "1" * 5000, "\x00", "٠٠٠٠٠٠"])
def test_a_wrong_code_says_so(scene: Scene, typed: str) -> None:
    visitor = Visitor(ALICE_MAIL)
    visitor.begin(scene.drawn)
    page = visitor.step("contact")
    visitor.post(page, contact=ALICE_MAIL, **visitor.challenge(page))
    answer = visitor.post(visitor.step("code"), code=typed)
    assert answer.status_code == 200
    assert "error-summary" in answer.content.decode()
    assert visitor.get(visitor.step("people"))["Location"] == visitor.step("code")


@pytest.mark.parametrize(
    "typed", ["nonsense", "a@b", "a" * 300 + "@example.org", "al\u202eice@example.org", "a\x00@b.org", ""]
)
def test_a_wrong_address_says_so_and_spends_no_picture(scene: Scene, typed: str) -> None:
    visitor = Visitor(ALICE_MAIL)
    visitor.begin(scene.drawn)
    page = visitor.step("contact")
    picture = visitor.challenge(page)
    assert "error-summary" in visitor.post(page, contact=typed, **picture).content.decode()
    assert visitor.post(page, contact=ALICE_MAIL, **picture).status_code == 302


@pytest.mark.parametrize("slot", ["", "0", "999999999", "-1", "1.5", "x" * 9000, "9" * 40, "\x00"])
def test_a_slot_that_is_none_books_nothing(scene: Scene, slot: str) -> None:
    open_slots(scene.first_come, 1)
    visitor = Visitor(ALICE_MAIL)
    visitor.ready(scene.first_come, ALICE)
    assert visitor.post(visitor.step("slots"), slot=slot).status_code in {200, 409}
    assert not Request.objects.exists()


def test_a_slot_gone_meanwhile_leads_back_to_the_calendar(scene: Scene) -> None:
    slots = open_slots(scene.first_come, 2)
    alice, bob = Visitor(ALICE_MAIL), Visitor(BOB_MAIL)
    alice.ready(scene.first_come, ALICE)
    bob.hold(scene.first_come, slots[0].pk, BOB)
    answer = alice.post(alice.step("slots"), slot=slots[0].pk)
    assert answer.status_code == 409
    body = answer.content.decode()
    assert "Somebody else was given this time" in body
    assert alice.step("slots") in body
    assert alice.post(alice.step("slots"), slot=slots[1].pk).status_code == 302


@pytest.mark.parametrize(
    "other",
    [
        {"first_day": "2001-01-01", "last_day": "2001-02-01"},
        {"first_day": "2999-01-01", "last_day": "2999-02-01"},
        {"first_day": "2027-02-31"},
        {"first_day": "x" * 5000},
        {"weekdays": []},
        {"weekdays": ["9"]},
        {"earliest": "16:00", "latest": "09:00"},
        {"earliest": "25:00"},
    ],
)
def test_wishes_that_cannot_be_are_refused(alice: Visitor, other: dict[str, object]) -> None:
    alice.enter(ALICE)
    answer = alice.wishes(**other)
    assert answer.status_code == 200
    assert "error-summary" in answer.content.decode()
    assert "wishes" not in alice.kept()


def test_a_closed_post_says_so_and_keeps_what_was_typed(alice: Visitor, scene: Scene) -> None:
    alice.enter(ALICE)
    alice.wishes()
    scene.post.is_open = False
    scene.post.save()
    answer = alice.post(alice.step("check"))
    assert answer.status_code == 409
    assert "does not take appointments" in answer.content.decode()
    assert alice.kept()["people"]
    assert Visitor(BOB_MAIL).post("/posts/dz-alg/c-tour/apply/").status_code == 409
    assert Draft.objects.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/my/%00/",
        "/my/AAAA-AAAA-AAAA/",
        "/apply/x/contact/",
        "/apply/%E2%80%AE/people/",
        "/apply/%00/contact/",
        "/apply/x/people/99999999999999999999/",
        "/posts/nowhere/",
        "/posts/dz-alg/nothing/",
        "/posts/dz-alg/nothing/slots.json",
        "/?q=%00%E2%80%AE" + "x" * 3000,
        "/language/xx/?next=//evil.example",
    ],
)
def test_no_address_gives_a_stack_trace(scene: Scene, path: str) -> None:
    answer = Visitor(ALICE_MAIL).get(path)
    assert answer.status_code in {200, 302, 404}
    assert "evil.example" not in answer.get("Location", "")


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_refused(scene: Scene, method: str) -> None:
    visitor = Visitor(ALICE_MAIL)
    for path in ("/", "/my/", "/posts/dz-alg/c-tour/apply/"):
        assert getattr(visitor.client, method)(path).status_code == 405
