"""Figures of the counter-measures: counted by the request, carried by the minute, shown to staff, forgotten in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import Role
from antibot import doors
from antibot.domain.scores import Fault
from antibot.limits.acts import carry_acts
from antibot.limits.counting import reconnect
from antibot.limits.faults import record_fault
from antibot.limits.tallies import Kind, Outcome, carry_tallies, tally
from antibot.models import Act, GuardTally
from antibot.retention import ACTS, DAYS, sweep_acts, sweep_tallies
from tests.accounts.people import make_staff, signed_in
from tests.antibot.conftest import SCOPE, MakeRequest, digits_of, last_code, letters_of
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE_MAIL, Scene, make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return make_scene()


def counted(span: str = "day", post: str = "dz-alg") -> dict[tuple[str, str], int]:
    carry_tallies()
    rows = GuardTally.objects.filter(span=span, post_key=post)
    return {(row.kind, row.outcome): row.number for row in rows}


def answered(visitor: MakeRequest, answer: str) -> None:
    form = doors.challenge_form(visitor(), SCOPE)
    key = form.fresh_key
    text = {"letters": letters_of(key), "digits": digits_of(key)}.get(answer, answer)
    doors.challenge_form(visitor(), SCOPE, {"captcha_key": key, "captcha_answer": text}).is_valid()


def test_challenges_and_codes_by_kind_and_result(visitor: MakeRequest) -> None:
    for answer in ("letters", "letters", "digits", "ZZZZZ"):
        answered(visitor, answer)
    doors.send_code(visitor(), ALICE_MAIL, "apply", SCOPE, "fr")
    code = last_code()
    doors.check_code(visitor(), ALICE_MAIL, f"{(int(code) + 1) % 1_000_000:06d}", "apply")
    doors.check_code(visitor(), ALICE_MAIL, code, "apply")
    expected = {
        (Kind.PICTURE, Outcome.ISSUED): 4,
        (Kind.PICTURE, Outcome.PASSED): 2,
        (Kind.PICTURE, Outcome.FAILED): 1,
        (Kind.SOUND, Outcome.PASSED): 1,
        (Kind.MAIL, Outcome.ISSUED): 1,
        (Kind.MAIL, Outcome.FAILED): 1,
        (Kind.MAIL, Outcome.PASSED): 1,
    }
    assert counted() == expected
    assert counted("month") == expected


def test_blocks_are_counted_and_counts_add_up(visitor: MakeRequest) -> None:
    record_fault(visitor(), Fault.PROOF_FORGED, SCOPE, timezone.now(), 20)
    for _ in range(3):
        assert doors.may_proceed(visitor(), "apply", SCOPE) is not None
        carry_tallies()
    assert counted() == {(Kind.NETWORK, Outcome.BLOCKED): 1, (Kind.ACT, Outcome.BLOCKED): 3}


@override_settings(REDIS_URL="redis://127.0.0.1:9/0")
def test_without_valkey_nothing_is_counted_and_nothing_breaks() -> None:
    reconnect()
    tally(SCOPE, Kind.PICTURE, Outcome.ISSUED, timezone.now())
    assert (carry_tallies(), carry_acts()) == (0, 0)


def test_recorded_acts_hold_no_address_and_go_after_eight_days(visitor: MakeRequest) -> None:
    doors.may_proceed(visitor(), "apply", SCOPE)
    assert carry_acts() == 1
    assert carry_acts() == 0
    row = Act.objects.get()
    assert b"198.51" not in bytes(row.network_key)
    assert (row.scope_key, row.post_key, row.network_acts, row.session_acts) == (SCOPE, "dz-alg", 1, 1)
    assert sweep_acts(row.at + ACTS - timedelta(seconds=1), 10) == 0
    assert sweep_acts(row.at + ACTS, 10) == 1


def test_days_go_and_months_stay() -> None:
    tally(SCOPE, Kind.PICTURE, Outcome.ISSUED, timezone.now())
    carry_tallies()
    assert sweep_tallies(timezone.now() + DAYS + timedelta(days=1), 10) == 1
    assert GuardTally.objects.get().span == "month"


def test_the_dashboard_shows_them_by_post_with_words_beside_the_picture(scene: Scene) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    tally("dz-alg", Kind.PICTURE, Outcome.ISSUED, yesterday, 4321)
    tally("dz-alg", Kind.CASE, Outcome.UPHELD, yesterday, 6543)
    tally("ma-rab", Kind.PICTURE, Outcome.ISSUED, yesterday, 8765)
    tally("", Kind.WEBHOOK, Outcome.FAILED, yesterday, 7654)
    carry_tallies()
    head = signed_in(make_staff(Role.HEAD, "dz-alg")).get("/admin/figures/", headers={"accept-language": "en"})
    text = head.content.decode().replace("\u202f", "").replace("\xa0", "").replace(",", "")
    assert "4321" in text
    assert "6543" in text
    assert "8765" not in text
    assert "7654" not in text
    assert 'aria-label="Challenges: asked passed failed"' in text
    centre = signed_in(make_staff(Role.CENTRE)).get("/admin/figures/", headers={"accept-language": "en"})
    assert "7654" in centre.content.decode().replace("\u202f", "").replace("\xa0", "").replace(",", "")


def test_somebody_who_is_slowed_down_can_say_that_it_is_a_mistake(scene: Scene, client: Client) -> None:
    cache.clear()
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    path = alice.step("contact")
    for _ in range(20):
        alice.post(path, contact=ALICE_MAIL, captcha_key="0" * 40, captcha_answer="AAAAA")
    page = next(p for p in (alice.post(path, contact=ALICE_MAIL) for _ in range(5)) if p.status_code == 429)
    assert "/antibot/appeal/" in page.content.decode()
