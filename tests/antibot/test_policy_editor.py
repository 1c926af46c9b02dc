"""The editor of the counter-measures: words for every value, a preview of last week, versions, and the way back."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.utils import timezone, translation
from hypothesis import HealthCheck, given
from hypothesis import settings as limited
from hypothesis import strategies as st

from accounts.models import Role
from antibot import doors
from antibot.actions.publish_policy import publish_policy
from antibot.domain.policy import BOUNDS, Policy
from antibot.domain.replay import Effect, Recorded, Replay
from antibot.domain.scores import Fault
from antibot.limits.acts import carry_acts
from antibot.limits.faults import record_fault
from antibot.models import Act, PolicyVersion
from antibot.policy_words import GROUPS, WORDS
from antibot.queries.policies import policy_for
from antibot.queries.replay import preview
from tests.accounts.people import make_staff, signed_in
from tests.antibot.conftest import SCOPE, MakeRequest, new_session
from tests.cast import ALICE, ALICE_MAIL, Scene, make_scene, open_slots

ADD = "/admin/antibot/policyversion/add/"
VALUES = {"scope_key": "dz-alg", "reason": "a bad week", "captcha_hard_always": "yes", "code_attempts": "3"}


@pytest.fixture
def head(db: None) -> Client:
    return signed_in(make_staff(Role.HEAD, "dz-alg"))


@pytest.fixture
def scene(db: None) -> Scene:
    return make_scene()


def test_every_value_has_a_name_and_a_meaning_in_every_language_and_stands_in_one_group() -> None:
    names = [field.name for field in fields(Policy)]
    assert sorted(WORDS) == sorted(names)
    assert sorted(name for _title, group in GROUPS for name in group) == sorted(names)
    assert set(BOUNDS) == {field.name for field in fields(Policy) if not isinstance(field.default, bool)}
    seen = {}
    for language, _words in settings.LANGUAGES:
        with translation.override(language):
            seen[language] = [str(text) for pair in WORDS.values() for text in pair]
    assert all(a != b != c != a for a, b, c in zip(seen["fr"], seen["ar"], seen["en"], strict=True))


def test_it_appends_within_the_scope(head: Client) -> None:
    assert head.post(ADD, VALUES).status_code == 302
    policy = policy_for("dz-alg/visa")
    assert (policy.captcha_hard_always, policy.code_attempts) == (True, 3)
    assert policy_for("ma-rba").code_attempts == 5
    for bad in (
        VALUES | {"scope_key": "ma-rba"},
        VALUES | {"scope_key": ""},
        VALUES | {"reason": ""},
        VALUES | {"code_attempts": "99"},
        VALUES | {"step_block": "10", "step_slower": "50"},
    ):
        for preview_too in ({}, {"_preview": "1"}):
            assert head.post(ADD, bad | preview_too).status_code == 200, bad
    assert PolicyVersion.objects.count() == 1
    assert head.post(ADD, VALUES | {"code_attempts": "4"}).status_code == 302
    assert policy_for("dz-alg").code_attempts == 4
    assert [row.version for row in PolicyVersion.objects.order_by("version")] == [1, 2]


def test_a_policy_asks_for_the_second_factor_again(db: None) -> None:
    stale = signed_in(make_staff(Role.HEAD, "dz-alg"), fresh=False)
    made = publish_policy(scope_key="dz-alg", values={}, author=None, reason="x", shadow=False, now=timezone.now())
    for method, path, data in (
        ("get", ADD, {}),
        ("post", ADD, VALUES),
        ("post", ADD, VALUES | {"_preview": "1"}),
        ("post", f"/admin/antibot/policyversion/{made.pk}/again/", {}),
        ("get", "/admin/policies/dz-alg/visa/", {}),
    ):
        answer = getattr(stale, method)(path, data)
        assert answer.status_code == 302, path
        assert "two-factor" in answer["Location"]
    assert PolicyVersion.objects.count() == 1


def test_one_click_brings_an_earlier_version_back(head: Client) -> None:
    head.post(ADD, VALUES)
    first = PolicyVersion.objects.get()
    head.post(ADD, VALUES | {"code_attempts": "4", "reason": "worse"})
    page = head.get(f"/admin/antibot/policyversion/{first.pk}/change/").content.decode()
    assert f"/admin/antibot/policyversion/{first.pk}/again/" in page
    assert 'name="based_on" value="2"' in page
    assert head.get(f"/admin/antibot/policyversion/{first.pk}/again/").status_code == 405
    assert head.post(f"/admin/antibot/policyversion/{first.pk}/again/", {"based_on": "2"}).status_code == 302
    newest = PolicyVersion.objects.get(version=3)
    assert (newest.values, newest.shadow) == (first.values, False)
    assert newest.author.role == Role.HEAD  # type: ignore[union-attr]
    assert "a bad week" in newest.reason
    assert policy_for("dz-alg").code_attempts == 3
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        PolicyVersion.objects.filter(pk=first.pk).update(reason="never said")


def test_values_written_over_a_version_that_was_not_shown_are_refused(head: Client) -> None:
    page = head.get(f"{ADD}?scope_key=dz-alg").content.decode()
    assert 'name="based_on" value="dz-alg:0"' in page
    assert head.post(ADD, VALUES | {"based_on": "dz-alg:0"}).status_code == 302
    for press in ({}, {"_preview": "1"}):
        late = head.post(ADD, VALUES | {"code_attempts": "4", "based_on": "dz-alg:0"} | press)
        assert "entre-temps" in late.content.decode()
    assert policy_for("dz-alg").code_attempts == 3
    assert head.post(ADD, VALUES | {"code_attempts": "4", "based_on": "dz-alg:1"}).status_code == 302
    # A page that was opened for one scope and sent for another says nothing about the other.
    assert head.post(ADD, VALUES | {"scope_key": "dz-alg/visa", "based_on": "dz-alg:0"}).status_code == 302


@pytest.mark.parametrize("shown", ["1", "", "x", "3"])
def test_going_back_over_a_version_that_was_not_shown_is_refused_and_shows_it(head: Client, shown: str) -> None:
    head.post(ADD, VALUES)
    head.post(ADD, VALUES | {"code_attempts": "4", "reason": "by another head"})
    first, newest = PolicyVersion.objects.order_by("version")
    answer = head.post(f"/admin/antibot/policyversion/{first.pk}/again/", {"based_on": shown}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/admin/antibot/policyversion/{newest.pk}/change/"
    assert "by another head" in answer.content.decode()
    assert "entre-temps" in answer.content.decode()
    assert policy_for("dz-alg").code_attempts == 4


def test_a_version_in_shadow_is_switched_on_with_one_click(head: Client) -> None:
    head.post(ADD, VALUES | {"shadow": "on"})
    assert policy_for("dz-alg").code_attempts == 5
    watching = PolicyVersion.objects.get()
    head.post(f"/admin/antibot/policyversion/{watching.pk}/again/", {"based_on": "1"})
    assert policy_for("dz-alg").code_attempts == 3


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AGENT, Role.AUDITOR])
def test_nobody_else_brings_anything_back(db: None, role: str) -> None:
    made = publish_policy(scope_key="dz-alg", values={}, author=None, reason="x", shadow=False, now=timezone.now())
    client = signed_in(make_staff(role, "dz-alg"))
    assert client.post(f"/admin/antibot/policyversion/{made.pk}/again/").status_code in {403, 404}
    assert PolicyVersion.objects.count() == 1


def acts_of_a_week(scene: Scene, visitor: MakeRequest) -> None:
    """A quiet browser that books, and a network with many failures that books nothing."""
    from appointments.actions.holds import hold

    session = new_session()
    quiet = visitor(session=session, address="192.0.2.9")
    for _ in range(4):
        assert doors.may_proceed(visitor(session=session, address="192.0.2.9"), "apply", SCOPE) is None
    slot = open_slots(scene.first_come, 1)[0]
    scene.first_come.service_fee_cents = 0
    booking = hold(
        service=scene.first_come, slot_id=slot.pk, people=[ALICE], contact=ALICE_MAIL, language="fr", now=timezone.now()
    )
    doors.report_identity(quiet, SCOPE, b"alice", subject=booking.subject)
    for number in range(20):
        request = visitor(session=new_session(), address="198.51.100.7")
        doors.may_proceed(request, "apply", SCOPE)
        if number < 10:
            record_fault(request, Fault.CAPTCHA_WRONG, SCOPE, timezone.now())
    carry_acts()


def test_the_preview_says_who_would_have_been_held_back_and_how_many_were_real(
    scene: Scene, visitor: MakeRequest, head: Client
) -> None:
    acts_of_a_week(scene, visitor)
    assert Act.objects.count() == 24
    gentle = preview("dz-alg", {}, timezone.now())
    assert gentle.held_back == (0, 0)
    # Ten failures: from six points on the harder picture. Where a second passes, six are not whole any more.
    assert gentle.then.acts[Effect.HARDER] in {13, 14}
    strict = preview("dz-alg", {"step_challenge": 2, "step_slower": 3, "step_block": 10}, timezone.now())
    assert strict.total == strict.played == 24
    assert strict.now.acts == gentle.now.acts
    assert strict.then.acts[Effect.BLOCKED] == 10
    assert strict.then.acts[Effect.SLOWED] >= 6
    assert strict.held_back[1] == 0
    few = preview("dz-alg", {"acts_per_session_minute": 5, "acts_per_minute": 10}, timezone.now())
    assert few.then.acts[Effect.CAPPED] == 10
    hard = preview("dz-alg", {"captcha_hard_always": True}, timezone.now())
    assert hard.then.line(Effect.HARDER) == (24, 4)
    shown = head.post(ADD, VALUES | {"step_block": "16", "step_slower": "9", "_preview": "1"})
    assert shown.status_code == 200
    text = shown.content.decode()
    assert "24" in text
    assert 'name="_save"' in text
    assert 'value="16"' in text
    assert PolicyVersion.objects.count() == 0


def test_a_preview_of_everywhere_leaves_posts_their_own_values(scene: Scene, visitor: MakeRequest) -> None:
    acts_of_a_week(scene, visitor)
    own = {"step_challenge": 50, "step_slower": 60, "step_block": 70}
    publish_policy(scope_key="dz-alg", values=own, author=None, reason="x", shadow=False, now=timezone.now())
    strict = {"step_challenge": 2, "step_slower": 3, "step_block": 10}
    assert preview("", strict, timezone.now()).held_back == (0, 0)
    assert preview("dz-alg", strict, timezone.now()).held_back[0] > 0


def test_older_acts_and_other_posts_do_not_count(scene: Scene, visitor: MakeRequest) -> None:
    acts_of_a_week(scene, visitor)
    assert preview("ma-rba", {}, timezone.now()).total == 0
    assert preview("dz-alg/other", {}, timezone.now()).total == 0
    assert preview(SCOPE, {}, timezone.now()).total == 24
    assert preview("", {}, timezone.now() + timedelta(days=7, minutes=1)).total == 0


ACTS = st.lists(
    st.builds(
        Recorded,
        at=st.floats(0, 3600),
        network=st.sampled_from([b"a", b"b"]),
        own=st.floats(0, 80),
        rollup=st.floats(0, 400),
        network_acts=st.integers(0, 100),
        session_acts=st.integers(0, 40),
        shared=st.booleans(),
        hosting=st.booleans(),
    ),
    max_size=30,
)


@limited(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts=ACTS)
def test_stricter_values_hold_back_no_fewer_and_a_shared_network_is_never_blocked(acts: list[Recorded]) -> None:
    ordered = sorted(acts, key=lambda act: act.at)
    gentle, strict = Replay(Policy()), Replay(Policy(step_block=20, acts_per_minute=10, acts_per_session_minute=5))
    harmed = {Effect.SLOWED, Effect.CAPPED, Effect.BLOCKED}
    pairs = [(act, gentle.meets(act), strict.meets(act)) for act in ordered]
    assert sum(now in harmed for _act, now, _then in pairs) <= sum(then in harmed for _act, _now, then in pairs)
    for act, now, _then in pairs:
        blocked_before = any(a.network == act.network and n is Effect.BLOCKED for a, n, _t in pairs)
        assert not (act.shared and now in {Effect.BLOCKED, Effect.SLOWED}) or blocked_before


def test_the_release_policy_goes_back_too(scene: Scene) -> None:
    client = signed_in(make_staff(Role.HEAD, "dz-alg"))
    path = f"/admin/policies/{scene.post.key}/{scene.drawn.slug}/"
    first = scene.drawn.policies.get()
    first.pk, first.version, first.slots_per_day, first.reason = None, 2, 77, "more"
    first.save(force_insert=True)
    page = client.get(path).content.decode()
    assert "<svg" in page  # the forecast of the simulator
    assert 'name="based_on" value="2"' in page
    assert client.post(path, {"again": "1", "based_on": "2"}).status_code == 302
    newest = scene.drawn.policies.latest()
    assert (newest.version, newest.slots_per_day) == (3, 200)
    assert "first" in newest.reason
    unseen = client.post(path, {"again": "2", "based_on": "2"}, follow=True).content.decode()
    assert "entre-temps" in unseen
    assert scene.drawn.policies.latest() == newest
    assert client.post(path, {"again": "99"}).status_code == 404
    assert client.post(path, {"again": "²"}).status_code == 404
