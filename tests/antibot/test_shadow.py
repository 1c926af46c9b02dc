"""A version in shadow: for every value, what it would have done is counted, and nobody meets it."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from antibot import doors
from antibot.actions.watch import watch
from antibot.challenges.captcha import Binding, issue
from antibot.challenges.forms import form_for
from antibot.challenges.proof import new_challenge
from antibot.domain.policy import Policy
from antibot.domain.scores import Fault
from antibot.limits.faults import count_identity, record_fault
from antibot.limits.shadow import carry
from antibot.models import NetworkBlock, PolicyVersion, Sighting
from antibot.sessions import session_hash
from antibot.shadow_words import RULES
from tests.accounts.people import make_staff, signed_in
from tests.antibot.conftest import SCOPE, MakeRequest, asked, last_code, letters_of
from tests.antibot.test_proof import POLICY, solved

pytestmark = pytest.mark.django_db


def _shadow(**values: Any) -> PolicyVersion:
    return PolicyVersion.objects.create(
        scope_key="dz-alg",
        post_key="dz-alg",
        version=1,
        values=values,
        shadow=True,
        reason="try",
        created_at=timezone.now(),
    )


def _told(version: PolicyVersion, rule: str) -> tuple[int, int]:
    """Looked at, and would have happened."""
    carry()
    found = version.tallies.filter(rule=rule).first()
    return (found.checked, found.would_refuse) if found else (0, 0)


def _right_form(request: Any, proof: str = "") -> bool:
    """A solved challenge, as a browser sends it; with `proof`, its proof of work too."""
    now, mine = timezone.now(), Binding(session_hash(request), "apply", SCOPE)
    key = issue(mine, hard=False, life=timedelta(minutes=5), now=now)
    data = {"captcha_key": key, "captcha_answer": letters_of(key), "captcha_proof": proof}
    return form_for(request, "apply", SCOPE, data, now).is_valid()


def test_every_value_of_the_policy_is_tried_by_a_rule() -> None:
    assert {field.name for field in fields(Policy)} == {name for _, names in RULES.values() for name in names}


def test_where_nothing_is_in_shadow_nothing_is_counted(visitor: MakeRequest) -> None:
    assert _right_form(visitor())
    assert carry() == 0


def test_forms_above_its_caps(visitor: MakeRequest) -> None:
    version = _shadow(acts_per_session_minute=5)
    for _ in range(12):
        assert doors.may_proceed(visitor(), "apply", SCOPE) is None
    assert _told(version, "acts") == (12, 7)


def test_it_has_points_of_its_own_that_decay_by_its_own_half_life(visitor: MakeRequest) -> None:
    version = _shadow(step_slower=8, step_block=12, slower_seconds=60, half_life_minutes=600, block_hours=2)
    for _ in range(9):
        record_fault(visitor(), Fault.CAPTCHA_WRONG, SCOPE, timezone.now())
    for _ in range(3):
        assert doors.may_proceed(visitor(), "apply", SCOPE) is None
    assert _told(version, "slower") == (3, 2), "one form passes in each window"
    assert _told(version, "block") == (3, 0)
    for _ in range(4):
        record_fault(visitor(), Fault.CAPTCHA_WRONG, SCOPE, timezone.now())
    assert doors.may_proceed(visitor(), "apply", SCOPE) is None
    assert doors.may_proceed(visitor(), "apply", SCOPE) is None
    assert _told(version, "block") == (5, 2), "a block stays for its hours"
    assert not NetworkBlock.objects.exists()


def test_the_harder_picture_and_the_cap_on_pictures(visitor: MakeRequest) -> None:
    version = _shadow(captcha_hard_always=True, pictures_per_minute=10)
    for _ in range(12):
        assert str(doors.challenge_form(visitor(), SCOPE))
    assert _told(version, "harder") == (12, 12)
    assert _told(version, "pictures") == (12, 2)


def test_the_harder_picture_after_fewer_without_a_proof(visitor: MakeRequest) -> None:
    version = _shadow(unproven_per_hour=1)
    for _ in range(4):
        assert str(doors.challenge_form(visitor(), SCOPE))
        assert _right_form(visitor())
    assert _told(version, "harder") == (4, 2)


def test_no_picture_at_all(visitor: MakeRequest) -> None:
    version = _shadow(captcha=False)
    assert _right_form(visitor())
    assert _told(version, "picture") == (1, 0)
    assert _told(version, "picture late") == (0, 0)


def test_pictures_and_proofs_that_it_would_have_found_too_old(visitor: MakeRequest, browser_like: Client) -> None:
    version = _shadow(captcha_minutes=2, proof_seconds=30)
    request = visitor()
    now, mine = timezone.now(), Binding(session_hash(request), "apply", SCOPE)
    key = issue(mine, hard=False, life=timedelta(minutes=5), now=now - timedelta(minutes=3))
    data = {
        "captcha_key": key,
        "captcha_answer": letters_of(key),
        "captcha_proof": solved(new_challenge(mine, POLICY, 16)),
    }
    assert form_for(request, "apply", SCOPE, data, now).is_valid()
    assert _told(version, "picture late") == (1, 1)
    assert _told(version, "proof late") == (1, 0)
    late = now + timedelta(seconds=60)
    fresh = issue(mine, hard=False, life=timedelta(minutes=5), now=late)
    again = {
        "captcha_key": fresh,
        "captcha_answer": letters_of(fresh),
        "captcha_proof": solved(new_challenge(mine, POLICY, 16)),
    }
    assert form_for(request, "apply", SCOPE, again, late).is_valid()
    assert _told(version, "picture late") == (2, 1)
    assert _told(version, "proof late") == (2, 1)


def test_dearer_proofs(browser_like: Client) -> None:
    version = _shadow(proof_cost=20_000)
    assert browser_like.get(f"/antibot/proof?purpose=apply&scope={SCOPE}").status_code == 200
    assert _told(version, "proof") == (1, 1)


def test_identities_by_its_own_number(visitor: MakeRequest) -> None:
    version = _shadow(identities_per_day=3)
    for number in range(8):
        count_identity(visitor(), SCOPE, bytes([number]) * 32, timezone.now())
    assert _told(version, "identities") == (8, 5)


def test_codes_asked_for_and_typed(visitor: MakeRequest) -> None:
    version = _shadow(codes_per_contact_hour=2, code_attempts=3)
    for number in range(3):
        assert doors.send_code(visitor(), "a@example.org", ("apply", "cancel", "delivery")[number], SCOPE, "fr") is None
    assert _told(version, "code asked") == (3, 1)
    code = last_code()
    for _ in range(4):
        doors.check_code(visitor(), "a@example.org", f"{(int(code) + 1) % 10**6:06}", "delivery", SCOPE)
    assert doors.check_code(visitor(), "a@example.org", code, "delivery", SCOPE) is None
    assert _told(version, "code typed") == (5, 2)


def test_fees_in_advance_and_vouchers(visitor: MakeRequest, browser_like: Client) -> None:
    version = _shadow(prepayment=False, vouchers=False)
    doors.report_identity(visitor(), SCOPE, b"i" * 32, "request:ABC")
    assert _told(version, "prepayment") == (1, 0)
    browser_like.post(asked().pay_url, {"voucher": "AAAA-BBBB-CCCC-DDDD"})
    assert _told(version, "vouchers") == (1, 1)


def test_groups_that_it_would_have_shown_are_counted_once(visitor: MakeRequest) -> None:
    version = _shadow(radar_threshold=10)
    for number in range(30):
        doors.report_identity(visitor(), SCOPE, bytes([number]) * 32, f"request:{number}")
    assert Sighting.objects.count() >= 30
    watch(timezone.now())
    watch(timezone.now())
    looked_at, shown = _told(version, "radar")
    assert looked_at == shown == 1


def test_the_page_of_the_version_says_it_in_words() -> None:
    version = _shadow(acts_per_session_minute=5)
    version.tallies.create(day=timezone.now().date(), rule="acts", checked=12, would_refuse=7)
    page = (
        signed_in(make_staff(Role.HEAD, "dz-alg"))
        .get(f"/admin/antibot/policyversion/{version.pk}/change/")
        .content.decode()
    )
    assert str(RULES["acts"][0]) in page
