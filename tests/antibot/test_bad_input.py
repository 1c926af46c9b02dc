"""What cannot be right, over HTTP: a clear page or status, counted, and nothing that was done before is lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from captcha.models import CaptchaStore
from django.test import Client, override_settings
from django.utils import timezone

from antibot import doors
from antibot.limits.blocks import standing_block
from antibot.limits.origins import caller, network_index
from antibot.limits.tallies import Kind, Outcome, carry_tallies
from antibot.models import Charge, GuardTally, NetworkBlock, NetworkRange, OneTimeCode, PaymentEvent
from antibot.payments.sandbox import TOLERANCE
from tests.antibot.conftest import asked, key_in, letters_of
from tests.antibot.paying import message, settle, told
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, BOB_MAIL, Scene, make_scene

pytestmark = pytest.mark.django_db
NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def counted() -> dict[tuple[str, str], int]:
    """What the figures say of this day, posts and the whole installation together."""
    carry_tallies()
    found: dict[tuple[str, str], int] = {}
    for row in GuardTally.objects.filter(span="day"):
        found[row.kind, row.outcome] = found.get((row.kind, row.outcome), 0) + row.number
    return found


def at_the_code(scene: Scene, mail: str = ALICE_MAIL, address: str = "198.51.100.7") -> Visitor:
    """Somebody who has just been sent a code."""
    visitor = Visitor(mail)
    visitor.client.defaults["REMOTE_ADDR"] = address
    visitor.begin(scene.drawn)
    page = visitor.step("contact")
    assert visitor.post(page, contact=mail, **visitor.challenge(page))["Location"] == visitor.step("code")
    return visitor


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# --- codes


@pytest.mark.parametrize(
    "written",
    [
        "{a} {b}",
        " {a}-{b} ",
        "{a}\u00a0{b}",
        "\u200f{a}{b}",
        "{arabic}",
        "{persian}",
        "{arabic_a} {arabic_b}",
        "{wide}",
    ],
)
def test_a_code_counts_as_people_type_it(scene: Scene, written: str) -> None:
    visitor = at_the_code(scene)
    code = visitor.code()

    def digits(zero: str, text: str = code) -> str:
        return "".join(chr(ord(zero) + int(figure)) for figure in text)

    typed = written.format(
        a=code[:3], b=code[3:], arabic=digits("٠"), persian=digits("۰"), wide=digits("０"),
        arabic_a=digits("٠", code[:3]), arabic_b=digits("٠", code[3:]),
    )  # fmt: skip
    assert visitor.post(visitor.step("code"), code=typed)["Location"].endswith("/people/1/")


def test_a_code_that_is_too_old_says_so_and_a_new_one_goes_on(scene: Scene) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        visitor = at_the_code(scene)
        code = visitor.code()
        clock.shift(timedelta(minutes=10, seconds=1))
        page = visitor.post(visitor.step("code"), code=code)
        assert page.status_code == 200
        assert "expired" in page.content.decode()
        assert visitor.kept()["contact"] == ALICE_MAIL
        visitor.post(visitor.step("code"), again="1")
        assert visitor.post(visitor.step("code"), code=visitor.code()).status_code == 302


def test_a_code_of_another_session_is_wrong_there_counted_and_still_good_here(scene: Scene) -> None:
    """Also for the same address: whoever reads a code over a shoulder has the wrong browser."""
    alice = at_the_code(scene)
    code = alice.code()
    for mail in (BOB_MAIL, ALICE_MAIL):
        thief = at_the_code(scene, mail, address="203.0.113.9")
        page = thief.post(thief.step("code"), code=code)
        assert page.status_code == 200
        assert "error-summary" in page.content.decode()
    assert counted()[Kind.MAIL, Outcome.FAILED] == 2
    assert alice.post(alice.step("code"), code=code).status_code == 302


def test_wrong_codes_without_end_are_tried_five_times_then_meet_a_block_and_nothing_is_lost(scene: Scene) -> None:
    """Three hundred here; `bench guesses` sends a million."""
    with time_machine.travel(NOON, tick=False) as clock:
        visitor = at_the_code(scene)
        code = visitor.code()
        bystander = at_the_code(scene, BOB_MAIL, address="203.0.113.9")
        answers = [visitor.post(visitor.step("code"), code=_wrong(code)) for _ in range(300)]
        assert {answer.status_code for answer in answers} == {200, 429}
        assert [answer.status_code for answer in answers].count(200) <= 41
        assert answers[-1]["Retry-After"]
        assert "/antibot/appeal/" in answers[-1].content.decode()
        row = OneTimeCode.objects.get(session_hash=OneTimeCode.objects.order_by("pk").first().session_hash)
        assert row.attempts == row.attempts_allowed == 5
        assert visitor.post(visitor.step("code"), code=code).status_code == 429  # the right one too
        assert visitor.post(visitor.step("code"), again="1").status_code == 429
        told = counted()
        assert told[Kind.MAIL, Outcome.FAILED] == 5
        assert told[Kind.NETWORK, Outcome.BLOCKED] == 1
        assert bystander.post(bystander.step("code"), code=bystander.code()).status_code == 302
        clock.move_to(NetworkBlock.objects.get().ends_at + timedelta(seconds=1))
        assert visitor.kept()["contact"] == ALICE_MAIL
        visitor.post(visitor.step("code"), again="1")
        assert visitor.post(visitor.step("code"), code=visitor.code())["Location"].endswith("/people/1/")


def test_a_blocked_network_tries_no_code_that_was_sent_before(scene: Scene) -> None:
    """Control: the same code is taken from another network."""
    visitor = at_the_code(scene)
    now = timezone.now()
    NetworkBlock.objects.create(
        network="198.51.100.7/32", network_index=network_index("198.51.100.7/32"), reason="code_wrong",
        starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    code = visitor.code()
    assert visitor.post(visitor.step("code"), code=code).status_code == 429
    assert visitor.post("/my/code/", code=code).status_code in {302, 429}
    assert OneTimeCode.objects.get().attempts == 0
    visitor.client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    assert visitor.post(visitor.step("code"), code=code).status_code == 302


# --- pictures and proofs


BAD_KEYS = ["", "x", "0" * 40, "1" + "f" * 39, "\x00" * 40, "é" * 40, "٠" * 40, "0" * 4000, "../../etc/passwd", "'; --"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_nobody_made_shows_a_new_picture_and_keeps_the_address(scene: Scene, key: str) -> None:
    visitor = Visitor(ALICE_MAIL)
    visitor.begin(scene.drawn)
    page = visitor.post(visitor.step("contact"), contact=ALICE_MAIL, captcha_key=key, captcha_answer="ABCDE")
    assert page.status_code == 200
    shown = page.content.decode()
    assert "error-summary" in shown
    assert ALICE_MAIL in shown
    assert OneTimeCode.objects.count() == 0
    fresh = key_in(shown)
    typed = {"captcha_key": fresh, "captcha_answer": letters_of(fresh)}
    assert visitor.post(visitor.step("contact"), contact=ALICE_MAIL, **typed).status_code == 302


@pytest.mark.parametrize("key", [key for key in BAD_KEYS if key and "/" not in key])
def test_no_picture_and_no_sound_of_a_key_that_nobody_made(client: Client, key: str) -> None:
    for path in (f"/antibot/captcha/{key}/image", f"/antibot/captcha/{key}/audio/fr"):
        assert client.get(path).status_code in {404, 410}


def test_no_sound_in_a_language_that_is_none(scene: Scene) -> None:
    visitor = Visitor(ALICE_MAIL)
    visitor.begin(scene.drawn)
    key = visitor.challenge(visitor.step("contact"))["captcha_key"]
    for language in ("xx", "..", "FR", "%00"):
        assert visitor.get(f"/antibot/captcha/{key}/audio/{language}").status_code in {404, 410}
    assert visitor.get(f"/antibot/captcha/{key}/audio/ar").status_code == 200


def test_a_picture_that_is_too_old_or_used_is_no_fault_and_one_of_another_session_is(scene: Scene) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        alice, thief = Visitor(ALICE_MAIL), Visitor(BOB_MAIL)
        for visitor in (alice, thief):
            visitor.begin(scene.drawn)
        mine = alice.challenge(alice.step("contact"))
        assert thief.post(thief.step("contact"), contact=BOB_MAIL, **mine).status_code == 200
        assert CaptchaStore.objects.filter(hashkey=mine["captcha_key"]).exists()
        clock.shift(timedelta(minutes=5, seconds=1))
        late = alice.post(alice.step("contact"), contact=ALICE_MAIL, **mine)
        assert "has expired" in late.content.decode()
        assert OneTimeCode.objects.count() == 0
        assert counted()[Kind.PICTURE, Outcome.FAILED] == 1
        fresh = alice.challenge(alice.step("contact"))
        assert alice.post(alice.step("contact"), contact=ALICE_MAIL, **fresh).status_code == 302


@pytest.mark.parametrize(
    "proof", ["x", "e30=", "\x00", "é", "A" * 5000, "bnVsbA==", "W10=", "eyJjaGFsbGVuZ2UiOiB7fX0="]
)
def test_a_proof_that_is_none_costs_nobody_their_picture(scene: Scene, proof: str) -> None:
    visitor = Visitor(ALICE_MAIL)
    visitor.begin(scene.drawn)
    page = visitor.step("contact")
    answer = visitor.post(page, contact=ALICE_MAIL, captcha_proof=proof, **visitor.challenge(page))
    assert answer.status_code in {200, 302}
    if answer.status_code == 200:  # longer than a proof can be: the form says so, and the picture is shown anew
        assert "error-summary" in answer.content.decode()
        assert visitor.post(page, contact=ALICE_MAIL, **visitor.challenge(page)).status_code == 302


# --- addresses that ask


def test_a_scoped_address_is_counted_as_unknown_and_never_blocked(scene: Scene) -> None:
    visitor = at_the_code(scene, address="fe80::1%eth0")
    code = visitor.code()
    for _ in range(60):
        assert visitor.post(visitor.step("code"), code=_wrong(code)).status_code == 200
    assert NetworkBlock.objects.count() == 0
    who = caller(visitor.get(visitor.step("code")).wsgi_request)  # type: ignore[attr-defined]
    assert (who.address, who.shared) == (None, True)
    assert standing_block(who, timezone.now()) is None


@override_settings(TRUSTED_PROXY_HOPS=1)
@pytest.mark.parametrize("form", ["203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109", "64:ff9b::203.0.113.9"])
def test_an_address_in_another_form_is_the_same_network(form: str) -> None:
    NetworkRange.objects.create(network="203.0.113.0/24", kind="hosting")
    asking = Client(REMOTE_ADDR="10.0.0.1").get(asked().pay_url, headers={"X-Forwarded-For": f"192.0.2.1, {form}"})
    who = caller(asking.wsgi_request)
    assert (str(who.address), who.hosting) == ("203.0.113.9", True)


# --- messages of a gateway, and clocks


@pytest.mark.parametrize(("minutes", "status"), [(-6, 400), (-4, 200), (4, 200), (6, 400)])
def test_a_bank_whose_clock_differs_is_believed_within_five_minutes(client: Client, minutes: int, status: int) -> None:
    payment = asked()
    assert timedelta(minutes=5) == TOLERANCE
    at = timezone.now().timestamp() + minutes * 60
    assert told(client, message(payment), at=at) == status
    assert (doors.payment_state("booking-1") is doors.PaymentState.PAID) is (status == 200)
    assert counted().get((Kind.WEBHOOK, Outcome.FAILED), 0) == (status == 400)


@pytest.mark.parametrize(("seconds", "state", "charge"), [(59, "paid", "kept"), (61, "asked", "refunded")])
def test_money_of_a_bank_whose_clock_runs_ahead_counts_up_to_a_minute_after_the_deadline(
    client: Client, seconds: int, state: str, charge: str
) -> None:
    payment = asked()
    assert told(client, message(payment, at=int(payment.deadline.timestamp()) + seconds)) == 200
    assert doors.payment_state("booking-1") == state
    settle()
    assert Charge.objects.get().state == charge


BAD_MESSAGES: list[dict[str, object]] = [
    {"amount_cents": -2900}, {"amount_cents": 2**40}, {"amount_cents": "x"}, {"currency": "eur"}, {"currency": ""},
    {"currency": "EURO"}, {"at": 10**20}, {"at": "noon"}, {"kind": "given"}, {"charge": "x" * 5000}, {"id": "\x00"},
    {"id": ""}, {"id": "e" * 256},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_MESSAGES, ids=str)
def test_a_signed_message_that_makes_no_sense_pays_nothing_and_is_answered(client: Client, change: dict) -> None:
    payment = asked()
    assert told(client, message(payment) | change) == 400
    assert doors.payment_state("booking-1") is doors.PaymentState.ASKED
    settle()
    assert not Charge.objects.filter(state="kept").exists()
    assert told(client, message(payment, id="evt_right", charge="ch_right")) == 200
    assert doors.payment_state("booking-1") is doors.PaymentState.PAID


def test_forged_messages_are_counted_and_leave_nothing(client: Client) -> None:
    payment = asked()
    for signature in ("", "t=1,v1=00", "v1=00", "t=,v1=", "t=٣,v1=00", "t=1", "x" * 9000):
        assert told(client, message(payment), signature=signature or "none") == 400
    assert PaymentEvent.objects.count() == Charge.objects.count() == 0
    assert counted()[Kind.WEBHOOK, Outcome.FAILED] == 7


# --- links


@pytest.mark.parametrize("token", ["x", "W10:1a:b", "..", "%00", "é", "A" * 3000, "WyJBIiwiQiJd:1u:x"])
def test_a_link_to_object_that_nobody_made_is_no_page(client: Client, token: str) -> None:
    assert client.get(f"/antibot/objection/{token}/").status_code == 404


@pytest.mark.parametrize("reference", ["x", "0", "00000000-0000-0000-0000-000000000000", "%00"])
def test_a_payment_that_nobody_asked_for_is_no_page(client: Client, reference: str) -> None:
    assert client.get(f"/antibot/pay/{reference}/").status_code == 404
    assert client.post(f"/antibot/pay/{reference}/", {"how": "card"}).status_code == 404


def test_after_every_kind_of_bad_input_the_same_browser_still_books(scene: Scene) -> None:
    visitor = at_the_code(scene)
    for typed in ("", "abcdef", "\x00", "9" * 5000):
        visitor.post(visitor.step("code"), code=typed)
    assert OneTimeCode.objects.get().attempts == 0
    assert visitor.post(visitor.step("code"), code=visitor.code()).status_code == 302
    assert visitor.enter(ALICE).status_code == 302
    assert re.search("BENALI|ALICE", str(visitor.kept()["people"]), re.IGNORECASE)
