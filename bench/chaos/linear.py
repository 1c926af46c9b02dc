"""Whether one order of events explains what the clients saw of each slot (Wing and Gong 1993; memory: Lowe 2017).

Each slot is a register: open, held by one booking, freed. An operation takes effect at one instant between its call
and its answer; one whose answer was lost takes effect at any instant after its call, or never. The history of a slot is
linearizable if some choice of instants explains every answer. Slots are independent, so each is searched by itself
(linearizability is local: Herlihy and Wing 1990).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OPEN, FREED = "(open)", "(freed)"


@dataclass(frozen=True)
class Operation:
    """One call of one client. Times are of one monotonic clock, in seconds; `end` is infinite where no answer came.

    Kinds: `take` (hold the slot for `who`), `leave` (`who` gives it up), `lapse` (nobody calls it: the server may end
    the hold of `who` from `begin` on), `see_own` (`who` reads that it holds the slot), `see_over` (that it does not),
    `see_open` and `see_closed` (anybody reads whether the slot can be taken).
    Outcomes: `ok`, `refused`, `unknown`.
    """

    kind: str
    slot: str
    who: str
    begin: float
    end: float
    outcome: str = "ok"
    contended: bool = False  # somebody else's take was under way: `SKIP LOCKED` may then refuse what stays free


@dataclass(frozen=True)
class Refutation:
    """A slot whose history nothing explains: the state in which the search got furthest, and what it could not fit."""

    slot: str
    state: str
    explained: int
    stuck: tuple[Operation, ...]

    def __str__(self) -> str:
        """For people."""
        first = min(self.stuck, key=lambda one: one.end)
        return (
            f"slot {self.slot}: after {self.explained} operations it is {self.state}, which does not explain "
            f"{first.kind} by {first.who} ({first.outcome}) from {first.begin:.3f} to {first.end:.3f}"
        )


def _free(state: str) -> bool:
    return state in {OPEN, FREED}


def after(state: str, operation: Operation) -> str | None:
    """The state after `operation` took effect in `state`; None where it cannot have.

    A freed slot is withheld until the release process opens it again, at a moment that no client sees: it may be taken,
    and may be refused.
    """
    kind, who = operation.kind, operation.who
    if kind == "take" and operation.outcome == "refused":
        return state if state != OPEN or operation.contended else None
    if kind == "take":
        return who if _free(state) else None
    if kind == "leave" and operation.outcome == "refused":
        return state if state != who else None
    if kind in {"leave", "lapse"}:
        return FREED if state == who else None
    allowed = {
        "see_own": state == who,
        "see_over": state != who,
        "see_open": _free(state),
        "see_closed": state != OPEN,
    }[kind]
    return state if allowed else None


def _reads(operation: Operation) -> bool:
    return operation.kind.startswith("see_") or operation.outcome == "refused"


class _Search:
    """One slot. A node is the set of operations that have taken effect (bits of `done`) and the state they led to."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = sorted(operations, key=lambda one: one.begin)
        self.must = sum(1 << n for n, one in enumerate(self.operations) if one.outcome != "unknown")

    def _next(self, done: int) -> list[int]:
        """Operations that may be the next: nothing that is still to come had ended before they began."""
        waiting = [n for n in range(len(self.operations)) if not done >> n & 1]
        soonest = min((self.operations[n].end for n in waiting), default=math.inf)
        return [n for n in waiting if self.operations[n].begin <= soonest]

    def _absorb(self, done: int, state: str) -> tuple[int, list[int]]:
        """Take every read that fits at once: a read changes nothing, so earlier is never worse."""
        while True:
            ahead = self._next(done)
            fitting = [n for n in ahead if _reads(self.operations[n]) and after(state, self.operations[n]) == state]
            if not fitting:
                return done, ahead
            for n in fitting:
                done |= 1 << n

    def run(self) -> Refutation | None:
        """None where the history is explained."""
        best = (-1, OPEN, (0, [0]))
        stack, seen = [(0, OPEN)], set[tuple[int, str]]()
        while stack:
            done, state = stack.pop()
            done, ahead = self._absorb(done, state)
            if done & self.must == self.must:
                return None
            if (done, state) in seen:
                continue
            seen.add((done, state))
            best = max(best, (done.bit_count(), state, (done, ahead)), key=lambda one: one[0])
            for n in ahead:
                following = after(state, self.operations[n])
                if following is not None:
                    stack.append((done | 1 << n, following))
        explained, state, (_, ahead) = best
        stuck = tuple(self.operations[n] for n in ahead if self.operations[n].outcome != "unknown")
        return Refutation(self.operations[0].slot, state, explained, stuck)


def _with_contention(operations: Sequence[Operation]) -> list[Operation]:
    takes = [one for one in operations if one.kind == "take"]
    marked = []
    for one in operations:
        if one.kind == "take" and one.outcome == "refused":
            near = any(o is not one and o.begin <= one.end and one.begin <= o.end for o in takes)
            marked.append(Operation(**{**vars(one), "contended": near}))
        else:
            marked.append(one)
    return marked


def refutations(history: Iterable[Operation]) -> list[Refutation]:
    """Every slot of `history` that no order of events explains; empty: the claims are linearizable."""
    by_slot: dict[str, list[Operation]] = defaultdict(list)
    for one in history:
        by_slot[one.slot].append(one)
    found = (_Search(_with_contention(operations)).run() for operations in by_slot.values())
    return [one for one in found if one is not None]
