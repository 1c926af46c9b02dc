"""How long requests wait, given how many come and how many places are drawn: worked out, not simulated.

In a large draw a ticket of weight w loses with probability (1 − θ)^w, where θ is the threshold below which a lot wins;
θ is the number for which the expected places taken are the places there are. Following the requests by their lost
draws from one draw to the next gives the waits of whoever enters today or in a year.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .commitment import WEIGHT_CAP

LONGEST = 2000
"""Draws after which we say "longer than": more than five years of daily draws."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Draws that requests entering before one certain draw take part in until they are drawn.

    None: longer than can be said, since more come than can be served.
    """

    mean: float | None
    ninety: int | None
    ninety_nine: int | None


def threshold(waiting: Sequence[float], places: float) -> float:
    """θ: which share of the lots wins. `waiting` are requests by weight 1 to 13; 1 where there are enough places."""
    if sum(waiting) <= places:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        taken = sum(number * (1 - (1 - middle) ** weight) for weight, number in enumerate(waiting, start=1))
        low, high = (middle, high) if taken < places else (low, middle)
    return high


def thresholds(
    backlog: Sequence[float],
    demand: float,
    places: float,
    draws: int = LONGEST,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[float], list[float]]:
    """θ and the requests that take part, for each coming draw.

    `backlog` are the requests that wait now, by weight 1 to 13; `demand` new ones come before each draw, and `places`
    requests can be served in each. `progress` is told of draws done, and of how many there are.
    """
    waiting = [float(number) for number in backlog] + [0.0] * (WEIGHT_CAP - len(backlog))
    found: list[float] = []
    crowd: list[float] = []
    for number in range(draws):
        waiting[0] += demand
        share = threshold(waiting, places)
        found.append(share)
        crowd.append(sum(waiting))
        left = [count * (1 - share) ** weight for weight, count in enumerate(waiting, start=1)]
        waiting = [0.0, *left[:-2], left[-2] + left[-1]]
        if progress is not None:
            progress(number + 1, draws)
    return found, crowd


def wait_from(shares: Sequence[float], start: int) -> Wait:
    """The wait of a request whose first draw is number `start` (from 0) of those given."""
    alive, mean = 1.0, 0.0
    quantiles: dict[float, int | None] = {0.1: None, 0.01: None}
    for lost, share in enumerate(shares[start:]):
        mean += alive
        alive *= (1 - share) ** min(1 + lost, WEIGHT_CAP)
        for level, found in quantiles.items():
            if found is None and alive <= level * (1 + 1e-9):
                quantiles[level] = lost + 1
        if alive < 1e-9:
            break
    return Wait(mean if alive < 1e-3 else None, quantiles[0.1], quantiles[0.01])
