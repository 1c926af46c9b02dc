"""The history checker accepts what a real register does, and nothing else."""

import itertools
import math
from random import Random  # noqa: TID251 - seeded by hypothesis

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.chaos.linear import FREED, OPEN, Operation, after, refutations

SLOT = "1"


def op(kind: str, who: str, begin: float, end: float = math.inf, outcome: str = "ok") -> Operation:
    return Operation(kind, SLOT, who, begin, end, outcome)


def honest_history(seed: int, length: int) -> list[Operation]:
    """What clients of a right register see: each act has one instant, and its call and answer lie around it."""
    dice = Random(seed)
    state, seen = OPEN, []
    for number in range(length):
        at = number + dice.random()
        who, kind = f"p{dice.randrange(3)}", dice.choice(["take", "take", "leave", "see"])
        outcome = "ok"
        if kind == "take":
            who = f"{who}.{number}"  # a booking is made once
            outcome = "ok" if state in {OPEN, FREED} else "refused"
            state = who if outcome == "ok" else state
        elif kind == "leave":
            who = state if state not in {OPEN, FREED} and dice.random() < 0.7 else who
            outcome = "ok" if state == who else "refused"
            state = FREED if outcome == "ok" else state
        else:
            who = state
            kind = "see_open" if state in {OPEN, FREED} else "see_own"
        lost = dice.random() < 0.15
        begin, end = at - dice.random() * 3, at + dice.random() * 3
        if lost and kind in {"take", "leave"}:
            if outcome == "refused" or dice.random() < 0.5:
                seen.append(op(kind, who, begin, math.inf, "unknown"))
                continue
            outcome, end = "unknown", math.inf
        seen.append(op(kind, who, begin, end, outcome))
    dice.shuffle(seen)
    return seen


def explained_by_trying(history: list[Operation]) -> bool:
    """The definition itself: some subset with every answered operation, in some order that time allows."""
    known = [one for one in history if one.outcome != "unknown"]
    lost = [one for one in history if one.outcome == "unknown"]
    for count in range(len(lost) + 1):
        for chosen in itertools.combinations(lost, count):
            for order in itertools.permutations([*known, *chosen]):
                in_time = all(
                    order[j].end >= order[i].begin for i in range(len(order)) for j in range(i + 1, len(order))
                )
                if in_time and _runs(order):
                    return True
    return False


def _runs(order: tuple[Operation, ...]) -> bool:
    state: str | None = OPEN
    for one in order:
        state = after(state, one)
        if state is None:
            return False
    return True


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=120, deadline=None)
def test_what_a_right_register_shows_is_accepted(seed: int, length: int) -> None:
    assert refutations(honest_history(seed, length)) == []


_times = st.integers(0, 6)
_operations = st.builds(
    lambda kind, who, begin, length, outcome: op(
        kind, who, begin, math.inf if outcome == "unknown" else begin + length, outcome
    ),
    st.sampled_from(["take", "leave"]),
    st.sampled_from(["a", "b"]),
    _times,
    _times,
    st.sampled_from(["ok", "ok", "unknown", "refused"]),
) | st.builds(
    lambda kind, who, begin, length: op(kind, who, begin, begin + length),
    st.sampled_from(["see_own", "see_over", "see_open"]),
    st.sampled_from(["a", "b"]),
    _times,
    _times,
)


@given(st.lists(_operations, min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_the_search_agrees_with_the_definition(history: list[Operation]) -> None:
    takes = [one for one in history if one.kind == "take"]
    marked = [
        Operation(
            **{**vars(one), "contended": any(o is not one and o.begin <= one.end and one.begin <= o.end for o in takes)}
        )
        if one.kind == "take" and one.outcome == "refused"
        else one
        for one in history
    ]
    assert (refutations(history) == []) == explained_by_trying(marked)


def test_a_slot_given_twice_is_refuted_and_named() -> None:
    history = [op("take", "alice", 0, 1), op("take", "bob", 2, 3)]
    (found,) = refutations(history)
    assert "take by bob" in str(found)


def test_giving_it_up_in_between_explains_the_second() -> None:
    history = [op("take", "alice", 0, 1), op("leave", "alice", 1, 4), op("take", "bob", 2, 3)]
    assert refutations(history) == []
    assert refutations([*history[:1], op("leave", "alice", 3.5, 4), history[2]])


def test_a_lapse_explains_the_second_only_after_its_time() -> None:
    taken = [op("take", "alice", 0, 1), op("take", "bob", 50, 51)]
    assert refutations([*taken, op("lapse", "alice", 45, math.inf, "unknown")]) == []
    assert refutations([*taken, op("lapse", "alice", 60, math.inf, "unknown")])


def test_an_acknowledged_hold_that_vanished_is_refuted() -> None:
    assert refutations([op("take", "alice", 0, 1), op("see_open", "", 5, 6)])
    assert refutations([op("take", "alice", 0, 1), op("see_over", "alice", 5, 6)])


def test_a_lost_answer_may_mean_either() -> None:
    lost = op("take", "alice", 0, math.inf, "unknown")
    assert refutations([lost, op("take", "bob", 5, 6)]) == []
    assert refutations([lost, op("see_own", "alice", 5, 6)]) == []
    assert refutations([lost, op("see_own", "alice", 5, 6), op("take", "bob", 7, 8)])


def test_an_open_slot_is_refused_only_while_somebody_else_is_at_it() -> None:
    assert refutations([op("take", "alice", 0, 1, "refused")])
    assert refutations([op("take", "alice", 0, 2, "refused"), op("take", "bob", 1, 3)]) == []


def test_hundreds_of_operations_take_no_time() -> None:
    history = [one for start in range(20) for one in honest_history(start, 400)[:400]]
    spread = [Operation(**{**vars(one), "slot": str(n // 400)}) for n, one in enumerate(history)]
    assert refutations(spread) == []
