"""Draws drawn again: as the application draws them, only faster."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np

from appointments.domain.commitment import Slot, Ticket
from appointments.domain.draw import order_of
from lab.redraw import Entry, Lists, Round, lots, redraw

DAY = datetime(2027, 3, 7, tzinfo=UTC)
ORDINAL = (DAY + timedelta(days=5)).date().toordinal()


def _ticket(name: str, lost: int = 0) -> Ticket:
    return Ticket(name * 16, 1, lost, False, ORDINAL, ORDINAL + 30, 127, 0, 1439)


def _entry(name: str, group: str) -> Entry:
    return Entry(_ticket(name), group, DAY, None, True, lambda _drawn, _until: True)


def _round(number: int, slots: int) -> Round:
    at = DAY + timedelta(hours=number)
    given = [Slot(number * 10 + index, ORDINAL, 600 + 30 * index, 1, False) for index in range(slots)]
    return Round(number, at, at, 72, False, given, 45)


def test_the_order_of_the_lots_is_distributed_as_the_application_distributes_it() -> None:
    lost, times = [0, 2, 12, 40], 8000
    tickets = [_ticket(name, number) for name, number in zip("abcd", lost, strict=True)]
    chance, ours, theirs = np.random.default_rng(1), Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    for number in range(times):
        theirs[tuple(order_of(hashlib.sha256(f"{number}".encode()).digest(), tickets))] += 1
        ours[tuple(np.argsort(lots(chance, np.array(lost))).tolist())] += 1
    for order in theirs | ours:
        spread = (theirs[order] + ours[order] + 1) ** 0.5
        assert abs(theirs[order] - ours[order]) < 4.5 * spread, order


def test_winners_leave_and_losers_stay_with_more_weight() -> None:
    lists = Lists([_entry("a", "one"), _entry("b", "two")], [_round(1, 1), _round(2, 1)])
    tally = redraw(lists, 400, "seed")
    assert tally.won["one"] == tally.won["two"] == [1.0] * 400
    assert set(tally.weights["one"]) == {0.5, 1.5}


def test_without_a_group_the_others_have_the_same_luck_and_more_room() -> None:
    entries = [_entry(name, "invented" if name in "ace" else "people") for name in "abcdefgh"]
    rounds = [_round(number, 2) for number in (1, 2)]
    beside = redraw(Lists(entries, rounds), 300, "seed")
    alone = redraw(Lists(entries, rounds), 300, "seed", leaving_out="invented")
    assert "invented" not in alone.won
    assert all(a >= b for a, b in zip(alone.won["people"], beside.won["people"], strict=True))
    assert sum(alone.won["people"]) == 4 * 300 > sum(beside.won["people"])


def test_the_same_seed_gives_the_same_draws() -> None:
    lists = Lists([_entry(name, name) for name in "abcdef"], [_round(1, 2), _round(2, 2)])
    assert redraw(lists, 20, "x").won == redraw(lists, 20, "x").won != redraw(lists, 20, "y").won
