"""Groups of requests that have more in common than families and villages do, with the reasons in words.

Strong signals (one browser session, one contact, one payment card) tie requests together. Weak ones (one network, one
pattern of mail addresses, forms filled in faster than people type) add points to what is tied; networks and patterns
tie by themselves only large groups. No script reads fonts or screens: every signal is there anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from statistics import median


class Signal(StrEnum):
    """What requests can have in common."""

    SESSION = "session"
    CONTACT = "contact"
    CARD = "card"
    NETWORK = "network"
    PATTERN = "pattern"
    TEMPO = "tempo"


@dataclass(frozen=True)
class Seen:
    """One request for one identity; `None` where a signal is unknown."""

    subject: str
    identity: bytes
    at: datetime
    session: bytes
    network: bytes
    shared_network: bool
    contact: bytes | None = None
    pattern: bytes | None = None
    card: bytes | None = None


@dataclass(frozen=True)
class Rule:
    """Up to `free` distinct identities are ordinary life; each further one adds `each` points, at most `cap`."""

    free: int
    each: int
    cap: int


# Free numbers: a family of six books in one session; a son books for two households by one address; a card
# pays for a family; a household network sees a dozen people in a fortnight.
RULES: dict[Signal, Rule] = {
    Signal.SESSION: Rule(6, 8, 40),
    Signal.CONTACT: Rule(6, 8, 40),
    Signal.CARD: Rule(6, 8, 40),
    Signal.NETWORK: Rule(12, 3, 25),
    Signal.PATTERN: Rule(8, 3, 25),
}
TEMPO_POINTS = 20
TEMPO_SECONDS = 45  # median pause between forms of different people; typing one takes people two to five minutes
TEMPO_FORMS = 6


@dataclass(frozen=True)
class Reason:
    """One line of an explanation: so many identities share a signal, which adds so many points."""

    signal: Signal
    count: int
    points: int


@dataclass
class Cluster:
    """Requests tied together."""

    seen: list[Seen]
    reasons: list[Reason] = field(default_factory=list)

    @property
    def score(self) -> int:
        """0 to 100."""
        return min(100, sum(reason.points for reason in self.reasons))

    @property
    def identities(self) -> int:
        """How many different people."""
        return len({one.identity for one in self.seen})


def _values(one: Seen) -> list[tuple[Signal, bytes]]:
    pairs: list[tuple[Signal, bytes | None]] = [
        (Signal.SESSION, one.session),
        (Signal.CONTACT, one.contact),
        (Signal.CARD, one.card),
        (Signal.PATTERN, one.pattern),
        (Signal.NETWORK, None if one.shared_network else one.network),
    ]
    return [(signal, value) for signal, value in pairs if value]


def _tie(seen: list[Seen]) -> list[list[Seen]]:
    """Connected groups: by any strong signal, and by a weak one that more identities share than is ordinary."""
    parent = list(range(len(seen)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    holders: dict[tuple[Signal, bytes], list[int]] = defaultdict(list)
    for index, one in enumerate(seen):
        for value in _values(one):
            holders[value].append(index)
    for (signal, _), indexes in holders.items():
        people = len({seen[index].identity for index in indexes})
        if signal in {Signal.NETWORK, Signal.PATTERN} and people <= RULES[signal].free:
            continue
        for index in indexes[1:]:
            parent[root(index)] = root(indexes[0])
    groups: dict[int, list[Seen]] = defaultdict(list)
    for index, one in enumerate(seen):
        groups[root(index)].append(one)
    return list(groups.values())


def _reasons(group: list[Seen]) -> list[Reason]:
    people: dict[tuple[Signal, bytes], set[bytes]] = defaultdict(set)
    for one in group:
        for value in _values(one):
            people[value].add(one.identity)
    largest: dict[Signal, int] = {}
    for (signal, _), identities in people.items():
        largest[signal] = max(largest.get(signal, 0), len(identities))
    reasons = []
    for signal, count in sorted(largest.items()):
        rule = RULES[signal]
        if count > rule.free:
            reasons.append(Reason(signal, count, min(rule.cap, rule.each * (count - rule.free))))
    pauses = _pauses(group)
    if len(pauses) >= TEMPO_FORMS and median(pauses) < TEMPO_SECONDS:
        reasons.append(Reason(Signal.TEMPO, int(median(pauses)), TEMPO_POINTS))
    return reasons


def _pauses(group: list[Seen]) -> list[float]:
    """Seconds between forms that one session fills in for different people, one after the other."""
    by_session: dict[bytes, list[Seen]] = defaultdict(list)
    for one in group:
        by_session[one.session].append(one)
    pauses: list[float] = []
    for rows in by_session.values():
        ordered = sorted(rows, key=lambda one: one.at)
        pauses += [
            (after.at - before.at).total_seconds()
            for before, after in pairwise(ordered)
            if before.identity != after.identity and before.subject != after.subject
        ]
    return pauses


def clusters(seen: Iterable[Seen], threshold: int) -> list[Cluster]:
    """Groups with at least `threshold` points, the highest first."""
    found = [Cluster(group, _reasons(group)) for group in _tie(list(seen)) if len(group) > 1]
    return sorted((one for one in found if one.score >= threshold), key=lambda one: -one.score)
