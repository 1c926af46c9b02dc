"""What can be tuned, per post and per service, with bounds that keep a typing mistake from locking people out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final


class BadPolicyError(ValueError):
    """Values that are unknown, of the wrong kind or out of bounds; `problems` is field → sentence."""

    def __init__(self, problems: dict[str, str]) -> None:
        """`problems` is field → sentence."""
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))
        self.problems = problems


@dataclass(frozen=True)
class Policy:
    """One complete set of values. The defaults are what stands where nobody has said otherwise."""

    # Challenge
    captcha: bool = True  # a picture or sound for everybody, once per request
    captcha_hard_always: bool = False  # the harder picture for everybody
    captcha_minutes: int = 5
    proof: bool = True  # a proof of work where JavaScript runs
    proof_cost: int = 5000  # PBKDF2 iterations of one try
    proof_tries: int = 256  # upper bound of tries; on average three quarters of it
    proof_seconds: int = 150  # life of a proof's challenge
    unproven_per_hour: int = 60  # solved captchas without a proof, per network, before the harder picture
    # Limits: failures and distinct identities, not page views
    acts_per_minute: int = 60  # posted forms per network
    acts_per_session_minute: int = 20
    pictures_per_minute: int = 60  # pictures, sounds and refreshes per network
    identities_per_day: int = 12  # distinct persons per network before each further one counts as a failure
    shared_factor: int = 25  # by how much a network on the shared list may do more
    # Scores: points decay by half every `half_life_minutes`
    half_life_minutes: int = 60
    step_challenge: int = 6
    step_slower: int = 15
    step_block: int = 40
    slower_seconds: int = 20
    block_hours: int = 6  # of the first; each further one within a week lasts twice as long, 72 at most
    rollup_factor: int = 8  # a /24 or /48 needs so many times the points
    # One-time codes
    code_minutes: int = 10
    code_attempts: int = 5
    code_cooldown_seconds: int = 60
    codes_per_contact_hour: int = 5
    codes_per_contact_day: int = 15
    codes_per_network_hour: int = 60
    sms: bool = False
    # Prepayment
    prepayment: bool = True
    vouchers: bool = True
    # Radar
    radar: bool = True
    radar_threshold: int = 60


BOUNDS: Final[dict[str, tuple[int, int]]] = {
    "captcha_minutes": (2, 30),
    "proof_cost": (1000, 50_000),
    "proof_tries": (16, 4096),
    "proof_seconds": (30, 600),
    "unproven_per_hour": (1, 100_000),
    "acts_per_minute": (10, 100_000),
    "acts_per_session_minute": (5, 1000),
    "pictures_per_minute": (10, 100_000),
    "identities_per_day": (2, 100_000),
    "shared_factor": (1, 1000),
    "half_life_minutes": (5, 1440),
    "step_challenge": (2, 1000),
    "step_slower": (3, 1000),
    "step_block": (10, 10_000),
    "slower_seconds": (1, 120),
    "block_hours": (1, 72),
    "rollup_factor": (2, 100),
    "code_minutes": (3, 30),
    "code_attempts": (3, 10),
    "code_cooldown_seconds": (15, 600),
    "codes_per_contact_hour": (2, 20),
    "codes_per_contact_day": (3, 50),
    "codes_per_network_hour": (5, 100_000),
    "radar_threshold": (10, 100),
}
_FIELDS: Final = {field.name: field for field in fields(Policy)}


def problems_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with some values, field → sentence; empty where they can stand."""
    problems: dict[str, str] = {}
    for name, value in values.items():
        if name not in _FIELDS:
            problems[name] = "is not a value of the policy"
        elif isinstance(_FIELDS[name].default, bool):
            if not isinstance(value, bool):
                problems[name] = "has to be true or false"
        elif not isinstance(value, int) or isinstance(value, bool):
            problems[name] = "has to be a whole number"
        elif not BOUNDS[name][0] <= value <= BOUNDS[name][1]:
            problems[name] = f"has to be from {BOUNDS[name][0]} to {BOUNDS[name][1]}"
    return problems


def merged(*layers: Mapping[str, Any]) -> Policy:
    """The policy of layers from the most general to the most particular. Raises BadPolicyError.

    The steps have to rise: a block that comes before the challenge would shut people out without a warning.
    """
    values: dict[str, Any] = {}
    for layer in layers:
        problems = problems_of(layer)
        if problems:
            raise BadPolicyError(problems)
        values |= layer
    policy = Policy(**values)
    if not policy.step_challenge < policy.step_slower < policy.step_block:
        raise BadPolicyError({"step_block": "the steps have to rise: challenge, slower, block"})
    if policy.codes_per_contact_hour > policy.codes_per_contact_day:
        raise BadPolicyError({"codes_per_contact_day": "has to be at least the number of one hour"})
    return policy


def scope_chain(scope_key: str) -> list[str]:
    """From the most general: `""`, the post, the service. `dz-alg/visa` → `["", "dz-alg", "dz-alg/visa"]`."""
    chain = [""]
    post, slash, _ = scope_key.partition("/")
    if post:
        chain.append(post)
    if slash:
        chain.append(scope_key)
    return chain


def post_of(scope_key: str) -> str:
    """The post's part of a scope key; empty for the whole installation."""
    return scope_key.partition("/")[0]
