"""The release process is memoryless: exact laws by χ² at 1e-6, each with an unfair process as control.

Seeds are fixed, so a test always says the same; the power against its control is computed and above 0.999.
"""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, time, timedelta
from fractions import Fraction

import pytest
from scipy.stats import chi2, ncx2

from appointments.domain.chance import SeededChance, distinct
from appointments.domain.release import (
    Pace,
    Pick,
    by_percent,
    chance_back,
    late_window,
    opens,
    ordinary_window,
    pick,
    size,
    tick_of,
)

SIGNIFICANCE, POWER = 1e-6, 0.999
PACE = Pace(release_from=time(8), release_until=time(20), tick_seconds=30, slots_per_day=200, largest=6)
DAYS, TICKS = 150, 1440


def statistic(observed: list[int], expected: list[float]) -> float:
    return sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))


def refused(observed: list[int], expected: list[float]) -> bool:
    return bool(statistic(observed, expected) > chi2.isf(SIGNIFICANCE, len(expected) - 1))


def power(observed: list[int], expected: list[float]) -> float:
    freedom = len(expected) - 1
    return float(ncx2.sf(chi2.isf(SIGNIFICANCE, freedom), freedom, max(0, statistic(observed, expected) - freedom)))


def constant(chance: SeededChance) -> list[list[int]]:
    """The ticks of each day that opened something."""
    return [[tick for tick in range(TICKS) if opens(PACE, chance)] for _ in range(DAYS)]


def by_deadline(chance: SeededChance) -> list[list[int]]:
    """Control: a quota for the day whose chance grows as the day runs out and slots are left."""
    days = []
    for _ in range(DAYS):
        left, today = 57, []
        for tick in range(TICKS):
            if chance.randrange(2 * (TICKS - tick)) < left:  # half the needed chance, so the rest crowds at the end
                today.append(tick)
                left -= 1
        days.append(today + [TICKS - 1] * left)
    return days


def by_hour(days: list[list[int]]) -> list[int]:
    bins = Counter(tick // 120 for day in days for tick in day)
    return [bins[hour] for hour in range(12)]


def gap_bins(days: list[list[int]]) -> list[int]:
    """Gaps between releases, days joined end to end, in bins of ten ticks."""
    ticks = [number * TICKS + tick for number, day in enumerate(days) for tick in day]
    bins = Counter(min((later - before - 1) // 10, 12) for before, later in itertools.pairwise(ticks))
    return [bins[number] for number in range(13)]


def test_every_minute_is_as_good_as_any_other() -> None:
    days = constant(SeededChance(1))
    releases = sum(map(len, days))
    expected = DAYS * TICKS * float(PACE.probability)
    assert abs(releases - expected) < 5 * expected**0.5
    assert not refused(by_hour(days), [releases / 12] * 12)
    unfair = by_hour(by_deadline(SeededChance(2)))
    assert refused(unfair, [sum(unfair) / 12] * 12)
    assert power(unfair, [sum(unfair) / 12] * 12) > POWER


def test_gaps_are_geometric_so_the_past_says_nothing() -> None:
    stays = 1 - float(PACE.probability)
    law = [stays ** (10 * n) - (stays ** (10 * (n + 1)) if n < 12 else 0) for n in range(13)]
    observed = gap_bins(constant(SeededChance(3)))
    assert not refused(observed, [sum(observed) * share for share in law])
    unfair = gap_bins(by_deadline(SeededChance(4)))
    assert refused(unfair, [sum(unfair) * share for share in law])
    assert power(unfair, [sum(unfair) * share for share in law]) > POWER


def test_nothing_crowds_at_the_end_of_the_day_or_after_an_outage() -> None:
    """The chance of a tick is a function of the policy: it takes no argument that could tell time or history."""
    days = constant(SeededChance(5))
    last = sum(tick >= TICKS - 60 for day in days for tick in day)
    expected = DAYS * 60 * float(PACE.probability)
    assert abs(last - expected) < 5 * expected**0.5
    crowd = sum(tick >= TICKS - 60 for day in by_deadline(SeededChance(6)) for tick in day)
    assert crowd - expected > 5 * expected**0.5


def test_sizes_are_uniform() -> None:
    chance = SeededChance(7)
    sizes = Counter(size(PACE, chance) for _ in range(30_000))
    assert not refused([sizes[n] for n in range(1, 7)], [5000.0] * 6)
    unfair = Counter(1 + min(chance.randrange(6), chance.randrange(9)) for _ in range(30_000))
    assert refused([unfair[n] for n in range(1, 7)], [5000.0] * 6)


def test_picks_are_uniform_over_slots_not_over_days() -> None:
    chance, monday = SeededChance(8), date(2026, 12, 7)
    counts = [(monday, 10), (monday + timedelta(days=1), 0), (monday + timedelta(days=2), 1), (monday, 9)]
    counts[3] = (monday + timedelta(days=3), 9)
    every = [Pick(day, offset) for day, number in counts for offset in range(number)]
    seen = Counter(one for _ in range(20_000) for one in pick(counts, 3, chance))
    assert not refused([seen[one] for one in every], [3000.0] * 20)
    # Control: the day first and then a slot of it, which favours the slots of small days.
    filled = [pair for pair in counts if pair[1]]
    unfair: Counter[Pick] = Counter()
    for _ in range(60_000):
        day, number = filled[chance.randrange(3)]
        unfair[Pick(day, chance.randrange(number))] += 1
    assert refused([unfair[one] for one in every], [3000.0] * 20)
    assert power([unfair[one] for one in every], [3000.0] * 20) > POWER


def test_sets_are_uniform_and_never_hold_one_twice() -> None:
    chance = SeededChance(9)
    sets = Counter(tuple(distinct(chance, 6, 3)) for _ in range(20_000))
    assert len(sets) == 20
    assert all(len(set(one)) == 3 for one in sets)
    assert not refused(list(sets.values()), [1000.0] * 20)
    assert pick([(date(2026, 1, 1), 2)], 5, chance) == [Pick(date(2026, 1, 1), 0), Pick(date(2026, 1, 1), 1)]
    assert pick([], 3, chance) == []


def test_the_probability_is_the_pace_over_the_mean_size() -> None:
    assert PACE.probability == Fraction(200) / (Fraction(7, 2) * 1440)
    assert PACE.probability * Fraction(7, 2) * PACE.ticks_a_day == 200


def test_hours_end_before_their_end() -> None:
    assert [PACE.in_hours(at) for at in (time(7, 59, 59), time(8), time(19, 59, 59), time(20))] == [0, 1, 1, 0]


def test_ticks_are_instants_so_that_a_longer_tick_never_runs_backwards() -> None:
    assert tick_of(1000.9, 30) == 990
    assert tick_of(1000.9, 60) == 960
    assert tick_of(1020.0, 60) == 1020


def test_streams_share_the_days_without_a_gap_or_an_overlap() -> None:
    today = date(2026, 12, 1)
    late, ordinary = late_window(4), ordinary_window(3, 30, 4, 50)
    assert late.days(today) == (date(2026, 12, 2), date(2026, 12, 5))
    assert ordinary.days(today) == (date(2026, 12, 6), date(2026, 12, 31))
    assert ordinary_window(3, 30, 4, 0).first == 3


def test_the_chance_of_one_slot_to_come_back() -> None:
    """1 − ∏(1 − E[size]·π/K), against the process itself: one marked slot in pools of 40, 39, … is opened or not."""
    exact = float(chance_back(Fraction(7, 2), PACE.probability, [40] * 60))
    chance, back = SeededChance(10), 0
    for _ in range(2000):
        for _tick in range(60):
            if opens(PACE, chance) and 0 in distinct(chance, 40, size(PACE, chance)):
                back += 1
                break
    assert back / 2000 == pytest.approx(exact, abs=5 * (exact * (1 - exact) / 2000) ** 0.5)


def test_percents() -> None:
    chance = SeededChance(11)
    assert not any(by_percent(0, chance) for _ in range(1000))
    assert all(by_percent(100, chance) for _ in range(1000))
    assert 200 < sum(by_percent(25, chance) for _ in range(1000)) < 300
