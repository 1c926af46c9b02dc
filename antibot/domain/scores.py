"""Points of a network: they decay, they add up, and they lead to steps that end by themselves."""

from __future__ import annotations

import math
from enum import IntEnum, StrEnum

from antibot.domain.policy import Policy

REPEATED_WITHIN_DAYS = 7
LONGEST_BLOCK_HOURS = 72


class Step(IntEnum):
    """What a network meets, from nothing to a block of hours."""

    FREE = 0
    CHALLENGE = 1
    SLOWER = 2
    BLOCK = 3


class Fault(StrEnum):
    """What counts against a network. Looking at pages never does."""

    CAPTCHA_WRONG = "captcha_wrong"
    CAPTCHA_REPLAYED = "captcha_replayed"
    CODE_WRONG = "code_wrong"
    CODES_MANY = "codes_many"
    IDENTITIES_MANY = "identities_many"
    ACTS_MANY = "acts_many"
    PROOF_FORGED = "proof_forged"
    VOUCHER_WRONG = "voucher_wrong"
    MAIL_DISPOSABLE = "mail_disposable"


# People fail a picture about one time in six, so one failure weighs little. A picture of another session may be
# one whose session ended meanwhile; a forged signature is never an accident. Many identities behind one address are
# mostly a carrier's customers: at two points each, the laboratory saw an address with a hundred applicants a day
# blocked; half a point leaves a block to the pace of machines, some fifty an hour.
POINTS: dict[Fault, float] = {
    Fault.CAPTCHA_WRONG: 1.0,
    Fault.CAPTCHA_REPLAYED: 1.0,
    Fault.CODE_WRONG: 1.0,
    Fault.CODES_MANY: 2.0,
    Fault.IDENTITIES_MANY: 0.5,
    Fault.ACTS_MANY: 0.5,
    Fault.PROOF_FORGED: 5.0,
    Fault.VOUCHER_WRONG: 2.0,
    Fault.MAIL_DISPOSABLE: 0.5,
}


def decayed(points: float, seconds: float, half_life_seconds: float) -> float:
    """`points` after `seconds`. A clock that went back changes nothing."""
    return points * math.exp2(-max(0.0, seconds) / half_life_seconds)


def step_of(own: float, rollup: float, policy: Policy, *, shared: bool) -> Step:
    """The step for an address with `own` points in a range with `rollup` points.

    A range never does more than ask for the harder challenge: hundreds of subscribers stand behind one /24 of a
    carrier. The same holds for a network on the shared list.
    """
    factor = policy.shared_factor if shared else 1
    if own >= policy.step_block * factor:
        step = Step.BLOCK
    elif own >= policy.step_slower * factor:
        step = Step.SLOWER
    elif own >= policy.step_challenge * factor or rollup >= policy.step_challenge * policy.rollup_factor * factor:
        step = Step.CHALLENGE
    else:
        step = Step.FREE
    return min(step, Step.CHALLENGE) if shared else step


def block_hours_after(earlier: int, policy: Policy) -> int:
    """How long a block lasts after `earlier` ones within `REPEATED_WITHIN_DAYS`: each time twice as long, to a limit.

    A week only, because an address of a provider soon belongs to somebody else.
    """
    return min(LONGEST_BLOCK_HOURS, policy.block_hours << min(earlier, 8))


def proof_tries(points: float, policy: Policy) -> int:
    """The upper bound of tries of a proof of work: it doubles with every step's worth of points, up to 8 times.

    More would not stop anybody who pays for computing, and would stop people with old phones.
    """
    doublings = min(3, int(points // max(1, policy.step_challenge)))
    return policy.proof_tries << doublings
