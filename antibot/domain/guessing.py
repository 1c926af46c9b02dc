"""How likely a code is guessed under the limits; the documentation's figures are computed here."""

from __future__ import annotations

import math
from fractions import Fraction

from antibot.domain.policy import Policy

DIGITS = 6


def one_code(attempts: int, digits: int = DIGITS) -> Fraction:
    """The chance of guessing one code with `attempts` different tries."""
    return Fraction(min(attempts, 10**digits), 10**digits)


def one_contact(policy: Policy, days: int) -> float:
    """The chance that somebody opens one given contact within `days`, using every code and every try allowed."""
    codes = policy.codes_per_contact_day * days
    return 1.0 - math.exp(codes * math.log1p(-float(one_code(policy.code_attempts))))


def expected_hits(policy: Policy, networks: int, days: int) -> float:
    """How many of many contacts somebody with `networks` networks opens within `days` on average.

    Wrong codes are faults: a network is blocked after `step_block` points for `block_hours`, so it has at most that
    many tries per block, or as many as decay away just below the threshold; the larger of the two is taken.
    """
    per_block = policy.step_block
    decay_per_hour = policy.step_block * 0.7 * 60 / policy.half_life_minutes  # ln 2 of the points just below the block
    tries_per_day = max(24 / policy.block_hours * per_block, decay_per_hour * 24)
    tries_per_day = min(tries_per_day, policy.codes_per_network_hour * 24 * policy.code_attempts)
    return networks * days * tries_per_day / float(10**DIGITS)
