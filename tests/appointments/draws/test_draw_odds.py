"""The odds of a draw are the exact ones, not merely ones that look random.

Every test compares thousands of draws (with fixed seeds, so it always says the same) with the exact law by χ² at a
significance of 1e-6, and does the same with a deliberately unfair draw, which must be refused at the same level. The
power of each test (its chance to refuse the unfair draw with other seeds) is computed in it from the non-central χ²
law, and must be above 0.999.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.stats import chi2, hypergeom, ncx2

from appointments.domain import draw as rules
from appointments.domain.commitment import WEIGHT_CAP, Slot, Ticket

SIGNIFICANCE = 1e-6
POWER = 0.999
DAY = 740_000


def seed(number: int) -> bytes:
    return hashlib.sha256(f"odds|{number}".encode()).digest()


def ticket(number: int, *, lost: int = 0, size: int = 1) -> Ticket:
    name = hashlib.sha256(f"ticket|{number}".encode()).hexdigest()[:32]
    return Ticket(name, size, lost, False, DAY, DAY, 127, 0, 1439)


def refused(observed: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether χ² refuses the expected numbers at SIGNIFICANCE; cells below five are put together first."""
    pairs = sorted(zip(expected, observed, strict=True), reverse=True)
    large = [(e, o) for e, o in pairs if e >= 5]
    small = [(e, o) for e, o in pairs if e < 5]
    if sum(e for e, _ in small) > 0:
        large.append((sum(e for e, _ in small), sum(o for _, o in small)))
    statistic = sum((o - e) ** 2 / e for e, o in large)
    return bool(statistic > chi2.isf(SIGNIFICANCE, len(large) - 1))


def power(expected: Sequence[float], unfair: Sequence[float]) -> float:
    """The chance that the test refuses draws whose true numbers are `unfair`."""
    cells = [(e, u) for e, u in zip(expected, unfair, strict=True) if e >= 5]
    shift = sum((u - e) ** 2 / e for e, u in cells)
    return float(ncx2.sf(chi2.isf(SIGNIFICANCE, len(cells) - 1), len(cells) - 1, shift))


CLAIMS, SLOTS, SCRIPT, DRAWS = 120, 20, 30, 1500


def seats_of_the_script(lost: Callable[[int], int]) -> Counter[int]:
    """How many of the slots the script's identities win in each of many draws; `lost` is given to each claim."""
    tickets = sorted(ticket(number, lost=lost(number)) for number in range(CLAIMS))
    script = {ticket(number).ticket for number in range(SCRIPT)}
    mine = {position for position, one in enumerate(tickets) if one.ticket in script}
    slots = [Slot(number, DAY, 540, number, False) for number in range(1, SLOTS + 1)]
    return Counter(
        len(mine & rules.assign(tickets, rules.order_of(seed(number), tickets), slots, 30).keys())
        for number in range(DRAWS)
    )


def test_seats_of_a_script_are_hypergeometric_whatever_its_speed() -> None:
    """Its share of a draw is its share of identities: nothing about speed enters the list."""
    law = hypergeom(CLAIMS, SCRIPT, SLOTS)
    expected = [DRAWS * law.pmf(k) for k in range(SLOTS + 1)]
    fair = seats_of_the_script(lambda _: 0)
    assert not refused([fair[k] for k in range(SLOTS + 1)], expected)
    seats = np.repeat(list(fair.keys()), list(fair.values()))
    share = SCRIPT / CLAIMS
    variance = SLOTS * share * (1 - share) * (CLAIMS - SLOTS) / (CLAIMS - 1)
    assert abs(seats.mean() - SLOTS * share) < 5 * (variance / DRAWS) ** 0.5
    assert abs(seats.var() / variance - 1) < 5 * (2 / DRAWS) ** 0.5

    # Control: every third identity of the script has a second lot.
    unfair = seats_of_the_script(lambda number: 1 if number < SCRIPT and number % 3 == 0 else 0)
    seen = [unfair[k] for k in range(SLOTS + 1)]
    assert refused(seen, expected)
    assert power(expected, seen) > POWER


def first_come_seats(arrivals: Sequence[float]) -> int:
    """The race that the draw replaces: the first claims get the slots."""
    order = sorted(range(CLAIMS), key=lambda number: arrivals[number])
    return sum(number < SCRIPT for number in order[:SLOTS])


def test_control_the_race_gives_everything_to_the_script() -> None:
    assert first_come_seats([0.02 if number < SCRIPT else 5.0 + number for number in range(CLAIMS)]) == SLOTS


WEIGHTS, FIRSTS = (1, 1, 2, 4, 9), 10_000


def first_picks(key: Callable[[bytes, Ticket], object]) -> list[int]:
    tickets = [ticket(number, lost=weight - 1) for number, weight in enumerate(WEIGHTS)]
    firsts = Counter(min(tickets, key=lambda one: key(seed(number), one)).ticket for number in range(FIRSTS))  # type: ignore[arg-type,return-value]
    return [firsts[one.ticket] for one in tickets]


def test_first_picks_are_weights_over_their_sum() -> None:
    expected = [FIRSTS * weight / sum(WEIGHTS) for weight in WEIGHTS]
    lots: dict[bytes, rules.Lots] = {}

    def drawn(secret: bytes, one: Ticket) -> bytes:
        return lots.setdefault(secret, rules.Lots(secret)).key(one.ticket, one.lost + 1)

    assert not refused(first_picks(drawn), expected)
    tickets = sorted(ticket(number, lost=weight - 1) for number, weight in enumerate(WEIGHTS))
    assert all(
        tickets[rules.order_of(seed(number), tickets)[0]] == min(tickets, key=lambda one: drawn(seed(number), one))
        for number in range(200)
    )

    # Control: one lot divided by the weight, the obvious wrong way.
    def divided(secret: bytes, one: Ticket) -> float:
        return int.from_bytes(lots[secret].key(one.ticket, 1), "big") / (one.lost + 1)

    unfair = first_picks(divided)
    assert refused(unfair, expected)
    assert power(expected, unfair) > POWER


def waits(cap: int, draws: int = 900, settle: int = 150) -> np.ndarray:
    """Draws that each winner waited for: 200 claims, 20 slots a draw, winners replaced by new ones."""
    pool = [[number, 0] for number in range(200)]
    newest, seen = 200, []
    for number in range(draws):
        lots = rules.Lots(seed(number))
        keyed = sorted((lots.key(f"{name:032x}", min(1 + lost, cap)), name, lost) for name, lost in pool)
        if number >= settle:
            seen += [lost + 1 for _, _, lost in keyed[:20]]
        pool = [[name, lost + 1] for _, name, lost in keyed[20:]] + [[newest + extra, 0] for extra in range(20)]
        newest += 20
    return np.array(seen)


def exact_quantile(cap: int) -> int:
    """The 99 % quantile of the wait in the limit of a large pool: a lot wins below a threshold θ, so that a ticket
    of weight w loses with (1 − θ)^w; θ follows from the mean wait of 10."""
    low, high = 0.0, 1.0
    for _ in range(60):
        threshold = (low + high) / 2
        alive = [1.0]
        for lost in range(2000):
            alive.append(alive[-1] * (1 - threshold) ** min(1 + lost, cap))
        low, high = (threshold, high) if sum(alive) > 10 else (low, threshold)
    return next(lost for lost, share in enumerate(alive) if share <= 0.01)


def test_ageing_keeps_the_mean_wait_and_shortens_the_longest() -> None:
    """Exact: the mean wait is 200 / 20 = 10 draws whatever the weights (Little's law). 99 % wait at most 44 draws
    without ageing, 24 with w = 1 + lost, 28 with the cap of 13. Standard error of the measured quantiles below 0.5."""
    assert [exact_quantile(cap) for cap in (1, WEIGHT_CAP, 2000)] == [44, 28, 24]
    for cap, exact in ((WEIGHT_CAP, 28), (1, 44)):
        measured = waits(cap)
        assert measured.mean() == pytest.approx(10, abs=0.5)
        assert np.quantile(measured, 0.99) == pytest.approx(exact, abs=2.5)  # so each is the other's control


def test_odds_of_families_are_measured() -> None:
    """A family of four finds four places side by side less often than a single finds one; weight makes up for it."""
    slots = [Slot(n + 1, DAY + n % 5, 540 + 15 * (n // 10), 1 + n // 5 % 2, False) for n in range(40)]
    served = {1: 0, 4: 0}
    tickets = sorted(
        Ticket(hashlib.sha256(f"f{n}".encode()).hexdigest()[:32], size, 0, False, DAY, DAY + 6, 127, 0, 1439)
        for n, size in enumerate([1] * 160 + [4] * 10)
    )
    for number in range(300):
        for position in rules.draw(seed(number), tickets, slots, 30).taken:
            served[tickets[position].size] += 1
    single, family = served[1] / (160 * 300), served[4] / (10 * 300)
    assert 0.1 < family < single < 0.3
