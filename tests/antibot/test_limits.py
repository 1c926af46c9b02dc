"""Points, steps and blocks, with real Valkey, and without."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from antibot import doors
from antibot.domain.policy import Policy
from antibot.domain.scores import Fault, Step, decayed, step_of
from antibot.limits.acts import carry_acts
from antibot.limits.caps import Usage, use
from antibot.limits.counting import CountingAwayError, call, reconnect
from antibot.limits.faults import count_identity, record_fault
from antibot.limits.gate import step_for
from antibot.limits.origins import caller
from antibot.limits.scoring import add_points, read_points
from antibot.models import Act, Appeal, NetworkBlock, NetworkRange
from antibot.refusals import Reason
from tests.antibot.conftest import SCOPE, MakeRequest, key_in, letters_of, new_session
from tests.antibot.racing import at_once

NOON = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
POLICY = Policy()


@given(st.floats(0, 1e6), st.floats(-1e6, 1e6))
def test_decay_never_adds_and_a_clock_that_goes_back_changes_nothing(points: float, seconds: float) -> None:
    assert 0 <= decayed(points, seconds, 3600) <= points
    if seconds <= 0:
        assert decayed(points, seconds, 3600) == points


@given(st.floats(0, 1000), st.floats(0, 1000), st.booleans())
def test_a_range_or_a_shared_network_never_meets_more_than_the_harder_challenge(
    own: float, rollup: float, shared: bool
) -> None:
    assert step_of(0, rollup, POLICY, shared=shared) <= Step.CHALLENGE
    assert step_of(own, rollup, POLICY, shared=True) <= Step.CHALLENGE


def test_the_scripts_in_valkey_decay_as_the_rule_says(visitor: MakeRequest) -> None:
    who = caller(visitor())
    add_points(who, 10, POLICY, NOON)
    for minutes in (0, 30, 60, 180):
        expected = decayed(10, minutes * 60, POLICY.half_life_minutes * 60)
        assert read_points(who, POLICY, NOON + timedelta(minutes=minutes)).own == pytest.approx(expected, abs=0.01)


@pytest.mark.django_db(transaction=True)
def test_points_added_in_parallel_are_all_there(visitor: MakeRequest) -> None:
    """Control: get and set from Python loses most of them."""
    who = caller(visitor())

    def careless(_number: int) -> None:
        for _ in range(25):
            call("set", "careless", int(call("get", "careless") or 0) + 1)

    at_once(careless)
    assert int(call("get", "careless")) < 200
    at_once(lambda _n: [add_points(who, 1, POLICY, NOON) for _ in range(25)])
    assert read_points(who, POLICY, NOON).own == 200


def test_steps_rise_and_the_block_ends_by_itself(visitor: MakeRequest) -> None:
    with time_machine.travel(NOON, tick=False) as clock:

        def fail(times: int) -> None:
            record_fault(visitor(), Fault.CAPTCHA_WRONG, SCOPE, timezone.now(), times)

        assert step_for(visitor(), SCOPE, timezone.now())[0] is Step.FREE
        fail(6)
        assert step_for(visitor(), SCOPE, timezone.now())[0] is Step.CHALLENGE
        assert key_in(str(doors.challenge_form(visitor(method="get"), SCOPE)))[0] == "1"
        assert doors.may_proceed(visitor(), "apply", SCOPE) is None
        fail(9)
        assert doors.may_proceed(visitor(), "apply", SCOPE) is None
        slow = doors.may_proceed(visitor(), "apply", SCOPE)
        assert slow is not None
        assert slow.reason is Reason.SLOWER
        assert 1 <= (slow.retry_after_seconds or 0) <= 20
        fail(25)
        blocked = doors.may_proceed(visitor(method="get"), "apply", SCOPE)
        assert blocked is not None
        assert blocked.reason is Reason.BLOCKED
        assert NetworkBlock.objects.count() == 1
        clock.shift(timedelta(hours=POLICY.block_hours, seconds=1))
        assert doors.may_proceed(visitor(method="get"), "apply", SCOPE) is None
        assert step_for(visitor(), SCOPE, timezone.now())[0] is Step.FREE


def test_every_posted_form_is_written_down_once_counted_or_refused(visitor: MakeRequest) -> None:
    doors.may_proceed(visitor(), "apply", SCOPE)
    record_fault(visitor(), Fault.CAPTCHA_WRONG, SCOPE, timezone.now(), 20)
    answers = [doors.may_proceed(visitor(), "apply", SCOPE) for _ in range(3)]
    assert [answer is None for answer in answers] == [True, False, False]
    assert carry_acts() == 4
    rows = Act.objects.order_by("pk").values_list("network_acts", "session_acts", "scope_key")
    assert list(rows) == [(1, 1, SCOPE), (2, 2, SCOPE), (0, 0, SCOPE), (0, 0, SCOPE)]
    assert [round(points) for points in Act.objects.order_by("pk").values_list("own_points", flat=True)] == [
        0,
        20,
        20,
        20,
    ]


def test_a_refreshing_student_is_never_refused(visitor: MakeRequest) -> None:
    """Ten thousand looks at pages count for nothing."""
    for _ in range(300):
        assert doors.may_proceed(visitor(method="get"), "apply", SCOPE) is None
    assert step_for(visitor(), SCOPE, timezone.now())[1].own == 0


def test_a_shared_network_is_asked_more_but_not_blocked(visitor: MakeRequest) -> None:
    NetworkRange.objects.create(network="198.51.100.0/24", kind=NetworkRange.Kind.SHARED)
    record_fault(visitor(), Fault.CAPTCHA_WRONG, SCOPE, timezone.now(), 5000)
    assert step_for(visitor(), SCOPE, timezone.now())[0] is Step.CHALLENGE
    assert doors.may_proceed(visitor(), "apply", SCOPE) is None
    assert NetworkBlock.objects.count() == 0


def test_hosting_networks_get_the_harder_picture(visitor: MakeRequest) -> None:
    NetworkRange.objects.create(network="198.51.100.0/24", kind=NetworkRange.Kind.HOSTING)
    assert step_for(visitor(), SCOPE, timezone.now())[0] is Step.CHALLENGE


def test_many_addresses_of_one_range_raise_the_range(visitor: MakeRequest) -> None:
    for host in range(60):
        record_fault(visitor(address=f"198.51.100.{host}"), Fault.CAPTCHA_WRONG, SCOPE, timezone.now())
    assert step_for(visitor(address="198.51.100.250"), SCOPE, timezone.now())[0] is Step.CHALLENGE
    assert step_for(visitor(address="198.51.101.250"), SCOPE, timezone.now())[0] is Step.FREE


def test_many_prefixes_of_one_48_raise_it_and_a_neighbour_does_not_care(visitor: MakeRequest) -> None:
    for number in range(60):
        record_fault(visitor(address=f"2001:db8:5:{number:x}::1"), Fault.CAPTCHA_WRONG, SCOPE, timezone.now())
    assert step_for(visitor(address="2001:db8:5:ffff::9"), SCOPE, timezone.now())[0] is Step.CHALLENGE
    assert step_for(visitor(address="2001:db8:6::9"), SCOPE, timezone.now())[0] is Step.FREE


def test_addresses_of_one_64_are_one_network(visitor: MakeRequest) -> None:
    for number in range(40):
        record_fault(visitor(address=f"2001:db8:7:1::{number:x}"), Fault.CAPTCHA_WRONG, SCOPE, timezone.now())
    refused = doors.may_proceed(visitor(address="2001:db8:7:1:ffff::1", method="get"), "apply", SCOPE)
    assert refused is not None
    assert refused.reason is Reason.BLOCKED
    assert doors.may_proceed(visitor(address="2001:db8:7:2::1", method="get"), "apply", SCOPE) is None


def test_a_network_that_is_blocked_again_within_a_week_waits_twice_as_long_each_time(visitor: MakeRequest) -> None:
    """Three days at most; a week without a block, or a person who says that it was a mistake, begins it anew."""
    with time_machine.travel(NOON, tick=False) as clock:

        def hours() -> float:
            record_fault(visitor(), Fault.CAPTCHA_WRONG, SCOPE, timezone.now(), 40)
            made = NetworkBlock.objects.latest("pk")
            assert doors.may_proceed(visitor(method="get"), "apply", SCOPE) is not None
            clock.move_to(made.ends_at + timedelta(seconds=1))
            assert doors.may_proceed(visitor(method="get"), "apply", SCOPE) is None
            return (made.ends_at - made.starts_at).total_seconds() / 3600

        assert [hours() for _ in range(5)] == [6, 12, 24, 48, 72]
        NetworkBlock.objects.order_by("pk").update(lifted_at=timezone.now())
        assert hours() == 6
        clock.shift(timedelta(days=8))
        assert hours() == 6


def test_distinct_identities_count_and_repetitions_do_not(visitor: MakeRequest) -> None:
    now = timezone.now()
    for _ in range(50):
        count_identity(visitor(), SCOPE, b"same person", now)
    assert step_for(visitor(), SCOPE, now)[1].own == 0
    for number in range(POLICY.identities_per_day + 3):
        count_identity(visitor(), SCOPE, number.to_bytes(4, "big"), now)
    # "same person" is one of them: four beyond the number, half a point each.
    assert step_for(visitor(), SCOPE, now)[1].own == pytest.approx(2, abs=0.01)


def test_the_cap_on_acts_is_one_fault_a_minute(visitor: MakeRequest) -> None:
    refused = [doors.may_proceed(visitor(session=new_session()), "apply", SCOPE) for _ in range(70)]
    assert [one is None for one in refused].count(True) == POLICY.acts_per_minute
    assert refused[-1] is not None
    assert refused[-1].reason is Reason.TOO_MANY
    assert step_for(visitor(), SCOPE, timezone.now())[1].own == pytest.approx(0.5, abs=0.01)


def test_the_window_of_a_cap_ends_by_the_instant_that_it_is_told(visitor: MakeRequest) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(POLICY.acts_per_session_minute):
            assert doors.may_proceed(visitor(), "apply", SCOPE) is None
        clock.shift(timedelta(seconds=59))
        refused = doors.may_proceed(visitor(), "apply", SCOPE)
        assert refused is not None
        assert (refused.reason, refused.retry_after_seconds) == (Reason.TOO_MANY, 1)
        clock.shift(timedelta(seconds=1))
        assert doors.may_proceed(visitor(), "apply", SCOPE) is None


def test_a_clock_that_is_behind_neither_opens_a_window_nor_lengthens_it(visitor: MakeRequest) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(POLICY.acts_per_session_minute):
            assert doors.may_proceed(visitor(), "apply", SCOPE) is None
        clock.move_to(NOON - timedelta(seconds=30))
        refused = doors.may_proceed(visitor(), "apply", SCOPE)
        assert refused is not None
        assert refused.retry_after_seconds == 60
        clock.move_to(NOON + timedelta(seconds=60))
        assert doors.may_proceed(visitor(), "apply", SCOPE) is None


def test_a_window_of_a_future_that_was_taken_back_is_forgotten_within_two_minutes(visitor: MakeRequest) -> None:
    """Acts go on meanwhile, and do not keep it alive."""
    with time_machine.travel(NOON, tick=False) as clock:
        doors.may_proceed(visitor(), "apply", SCOPE)
        clock.move_to(NOON - timedelta(days=1))
        doors.may_proceed(visitor(), "apply", SCOPE)
    key = f"w:acts.apply:{caller(visitor()).key}"
    call("expire", key, 60)
    doors.may_proceed(visitor(), "apply", SCOPE)
    assert 0 < call("ttl", key) <= 60


def test_wrong_answers_count_and_a_spent_picture_does_not(visitor: MakeRequest) -> None:
    key = key_in(str(doors.challenge_form(visitor(method="get"), SCOPE)))
    answer = {"captcha_key": key, "captcha_answer": letters_of(key)}
    assert doors.challenge_form(visitor(), SCOPE, answer).is_valid()
    for _ in range(10):
        assert not doors.challenge_form(visitor(), SCOPE, answer).is_valid()
    assert step_for(visitor(), SCOPE, timezone.now())[1].own == 0
    key = key_in(str(doors.challenge_form(visitor(method="get"), SCOPE)))
    doors.challenge_form(visitor(), SCOPE, {"captcha_key": key, "captcha_answer": "zzzzz"}).is_valid()
    assert step_for(visitor(), SCOPE, timezone.now())[1].own == pytest.approx(1, abs=0.01)


@pytest.fixture
def no_valkey() -> object:
    """The settings point at a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"redis://127.0.0.1:{port}/0"
    caches = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}}
    with override_settings(REDIS_URL=url, CACHES=caches):
        reconnect()
        yield
    reconnect()


@pytest.mark.parametrize(
    ("purpose", "goes_away", "reason"),
    [
        ("hold", True, Reason.HOLDS_WAIT),
        ("report", True, Reason.AWAY),
        ("copy_request", True, Reason.AWAY),
        ("apply", True, None),
        ("hold", False, None),
    ],
)
def test_what_is_shut_without_valkey_is_shut_when_it_goes_while_a_slowed_network_passes(
    visitor: MakeRequest,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    purpose: str,
    goes_away: bool,
    reason: Reason | None,
) -> None:
    """Such a network is counted by a second script, after it has waited."""
    record_fault(visitor(), Fault.CAPTCHA_WRONG, SCOPE, timezone.now(), 20)
    assert step_for(visitor(), SCOPE, timezone.now())[0] is Step.SLOWER

    def and_then_away(*arguments: Any) -> Usage:
        usage = use(*arguments)
        if goes_away:
            settings.REDIS_URL = "redis://127.0.0.1:1/0"
            reconnect()
        return usage

    monkeypatch.setattr("antibot.limits.gate.use", and_then_away)
    refusal = doors.may_proceed(visitor(), purpose, SCOPE)
    assert (refusal and refusal.reason) == reason


def test_control_the_bare_library_raises_without_valkey(visitor: MakeRequest, no_valkey: object) -> None:
    import redis
    from django_ratelimit.core import is_ratelimited

    with override_settings(RATELIMIT_FAIL_OPEN=True), pytest.raises(redis.ConnectionError):
        is_ratelimited(visitor(), group="x", key="ip", rate="5/m", increment=True)


@pytest.mark.parametrize(
    ("purpose", "open_"),
    [
        ("apply", True),
        ("my", True),
        ("cancel", True),
        ("delivery", True),
        ("my_data", True),
        ("copy_request", False),
        ("report", False),
    ],
)
def test_each_door_has_decided_what_happens_without_valkey(
    visitor: MakeRequest, no_valkey: object, purpose: str, open_: bool
) -> None:
    refusal = doors.may_proceed(visitor(), purpose, SCOPE)
    assert (refusal is None) is open_
    if refusal is not None:
        assert refusal.reason is Reason.AWAY


def test_the_challenge_still_works_without_valkey(visitor: MakeRequest, no_valkey: object) -> None:
    key = key_in(str(doors.challenge_form(visitor(method="get"), SCOPE)))
    assert doors.challenge_form(visitor(), SCOPE, {"captcha_key": key, "captcha_answer": letters_of(key)}).is_valid()
    doors.report_identity(visitor(), SCOPE, b"x")
    with pytest.raises(CountingAwayError):
        call("get", "x")


def test_a_block_stands_without_valkey(visitor: MakeRequest) -> None:
    record_fault(visitor(), Fault.PROOF_FORGED, SCOPE, timezone.now(), 20)
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        reconnect()
        refusal = doors.may_proceed(visitor(), "apply", SCOPE)
    assert refusal is not None
    assert refusal.reason is Reason.BLOCKED


def test_the_way_out_an_objection_ends_the_block(client: Client, django_user_model: type, mailoutbox: list) -> None:
    from antibot.actions.decide_appeal import decide_appeal
    from mailroom.post import send_due

    client.defaults["REMOTE_ADDR"] = "198.51.100.7"
    rf_request = client.get("/antibot/appeal/").wsgi_request
    record_fault(rf_request, Fault.PROOF_FORGED, "dz-alg/visa", timezone.now(), 20)
    assert "prend fin d’elle-même" not in client.get("/antibot/appeal/", REMOTE_ADDR="192.0.2.1").content.decode()
    page = client.get("/antibot/appeal/")
    assert "prend fin d’elle-même le" in page.content.decode()
    key = key_in(page.content.decode())
    values = {
        "text": "Nous sommes un cyber café.",
        "contact": "alice@example.org",
        "captcha_key": key,
        "captcha_answer": letters_of(key),
    }
    done = client.post("/antibot/appeal/", values)
    appeal = Appeal.objects.get()
    assert appeal.reference in done.content.decode()
    assert appeal.block == NetworkBlock.objects.get()
    staff = django_user_model.objects.create(username="head", role="head", is_staff=True)
    assert decide_appeal(appeal.pk, granted=True, answer="Merci.", by=staff, now=timezone.now())
    assert not decide_appeal(appeal.pk, granted=False, answer="x", by=staff, now=timezone.now())
    fresh = client.get("/antibot/appeal/").wsgi_request
    assert doors.may_proceed(fresh, "apply", SCOPE) is None
    send_due()
    assert "Merci." in mailoutbox[0].body


def test_two_requests_over_the_threshold_make_one_block(visitor: MakeRequest) -> None:
    for _ in range(3):
        record_fault(visitor(), Fault.PROOF_FORGED, SCOPE, timezone.now(), 20)
    assert NetworkBlock.objects.count() == 1
