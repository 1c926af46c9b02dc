"""Proof of work: bound, once, and dearer with points."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine
from altcha import Challenge, solve_challenge
from altcha_django.verifiers import run_verification
from altcha_django.verifiers.local import LocalVerifier
from django.test import Client, RequestFactory

from antibot import doors
from antibot.challenges.captcha import Binding
from antibot.challenges.proof import Proof, check_proof, new_challenge
from antibot.domain.policy import Policy
from antibot.domain.scores import proof_tries
from tests.antibot.conftest import SCOPE, MakeRequest, key_in, letters_of
from tests.antibot.racing import at_once

MINE = Binding(b"s" * 32, "apply", SCOPE)
POLICY = Policy(proof_cost=1000, proof_tries=16)


def solved(challenge: dict, **changes: object) -> str:
    solution = solve_challenge(Challenge.from_dict(challenge))
    assert solution is not None
    parameters = challenge["parameters"] | changes
    payload = {
        "challenge": {"parameters": parameters, "signature": challenge["signature"]},
        "solution": {"counter": solution.counter, "derivedKey": solution.derived_key},
    }
    return base64.b64encode(json.dumps(payload).encode()).decode()


def test_control_the_bare_verifier_takes_any_session_and_repeats(rf: RequestFactory) -> None:
    verifier = LocalVerifier()
    proof = solved(verifier.get_challenge())
    assert all(run_verification(proof, verifier=verifier, request=rf.get("/"), replay=False).verified for _ in range(3))


def test_a_proof_counts_once(rf: RequestFactory) -> None:
    proof = solved(new_challenge(MINE, POLICY, 16))
    assert check_proof(rf.get("/"), proof, MINE) is Proof.GIVEN
    assert check_proof(rf.get("/"), proof, MINE) is Proof.FORGED


def test_parallel_replays_count_once(rf: RequestFactory) -> None:
    for _ in range(20):
        proof = solved(new_challenge(MINE, POLICY, 16))
        seen = at_once(lambda _n, p=proof: check_proof(rf.get("/"), p, MINE))
        assert seen.count(Proof.GIVEN) == 1


@pytest.mark.parametrize(
    "other", [Binding(b"x" * 32, "apply", SCOPE), Binding(b"s" * 32, "report", SCOPE), Binding(b"s" * 32, "apply", "")]
)
def test_a_proof_fits_only_its_session_purpose_and_scope(rf: RequestFactory, other: Binding) -> None:
    proof = solved(new_challenge(MINE, POLICY, 16))
    assert check_proof(rf.get("/"), proof, other) is Proof.ABSENT
    assert check_proof(rf.get("/"), proof, MINE) is Proof.GIVEN


def test_a_cheaper_challenge_than_the_signed_one_is_forged(rf: RequestFactory) -> None:
    assert check_proof(rf.get("/"), solved(new_challenge(MINE, POLICY, 16), cost=1), MINE) is Proof.FORGED


def test_a_proof_cannot_be_stocked(rf: RequestFactory) -> None:
    with time_machine.travel(datetime(2030, 1, 1, 12, 0, tzinfo=UTC), tick=False) as clock:
        proof = solved(new_challenge(MINE, POLICY, 16))
        clock.shift(POLICY.proof_seconds + 1)
        assert check_proof(rf.get("/"), proof, MINE) is Proof.ABSENT


@pytest.mark.parametrize(
    "bad", ["x", "{}", base64.b64encode(b"[]").decode(), base64.b64encode(b"\x00\xff").decode(), "A" * 9000]
)
def test_malformed_proofs_are_worth_nothing(rf: RequestFactory, bad: str) -> None:
    assert check_proof(rf.get("/"), bad, MINE) is Proof.ABSENT


def test_the_work_grows_with_points_and_has_an_end() -> None:
    policy = Policy()
    bounds = [proof_tries(points, policy) for points in (0, policy.step_challenge, 2 * policy.step_challenge, 10_000)]
    assert bounds == [256, 512, 1024, 2048]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "shared"),
    [({"unproven_per_hour": 2}, False), ({"unproven_per_hour": 1, "shared_factor": 2}, True)],
)
def test_without_a_proof_the_captcha_alone_suffices_until_there_are_many(
    visitor: MakeRequest, values: dict[str, int], shared: bool
) -> None:
    """A shared network may do so many times more, and no more than that."""
    from django.utils import timezone

    from antibot.models import NetworkRange, PolicyVersion

    PolicyVersion.objects.create(scope_key="", version=1, values=values, reason="test", created_at=timezone.now())
    if shared:
        NetworkRange.objects.create(network="198.51.100.0/24", kind=NetworkRange.Kind.SHARED)
    hard = []
    for _ in range(4):
        key = key_in(str(doors.challenge_form(visitor(method="get"), SCOPE)))
        hard.append(key[0] == "1")
        assert doors.challenge_form(
            visitor(), SCOPE, {"captcha_key": key, "captcha_answer": letters_of(key)}
        ).is_valid()
    assert hard == [False, False, False, True]


@pytest.mark.django_db
def test_over_http(client: Client) -> None:
    challenge = client.get("/antibot/proof", {"purpose": "apply", "scope": SCOPE}).json()
    assert challenge["parameters"]["algorithm"] == "PBKDF2/SHA-256"
    assert client.get("/antibot/proof", {"purpose": "x", "scope": SCOPE}).status_code == 400
    assert client.get("/antibot/proof", {"purpose": "apply", "scope": "../.."}).status_code == 400


def test_policy_bounds_hold_for_the_package() -> None:
    for cost in (1000, 50_000):
        new_challenge(MINE, replace(POLICY, proof_cost=cost), 16)
