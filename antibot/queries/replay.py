"""What other values would have meant for the forms of the last seven days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from antibot.actions.publish_policy import values_in_force
from antibot.domain.guessing import one_contact
from antibot.domain.policy import Policy, merged, scope_chain
from antibot.domain.replay import Effect, Recorded, Replay
from antibot.models import Act, Sighting

WEEK = timedelta(days=7)
MOST = 200_000  # forms that one preview plays again; of more, whole networks are left out by lot
HARMED = (Effect.SLOWED, Effect.CAPPED, Effect.BLOCKED)

# Set by the application that knows what became of subjects: of these, the ones that ended as a real booking.
confirmed_among: list[Callable[[Iterable[str]], set[str]]] = []


@dataclass
class Told:
    """One policy over the recorded forms: how many met what, and how many of these belonged to real bookings."""

    acts: Counter[Effect] = field(default_factory=Counter)
    real: Counter[Effect] = field(default_factory=Counter)

    def line(self, effect: Effect) -> tuple[int, int]:
        """Forms, and those of browsers with a booking that was confirmed later."""
        return self.acts[effect], self.real[effect]


@dataclass
class Preview:
    """The values in force beside the proposed ones."""

    total: int  # forms in the week
    played: int  # forms that were played again
    now: Told
    then: Told
    guess_now: float  # chance of opening one given address within a year
    guess_then: float
    work_now: int  # rounds of PBKDF2 of a proof, on average
    work_then: int

    @property
    def held_back(self) -> tuple[int, int]:
        """Forms that would have been slowed down or blocked, and how many of them were of real bookings."""
        return sum(self.then.acts[one] for one in HARMED), sum(self.then.real[one] for one in HARMED)

    @property
    def guess_now_words(self) -> str:
        """The chance of guessing under the values in force, as a percentage."""
        return f"{100 * self.guess_now:.2f} %"

    @property
    def guess_then_words(self) -> str:
        """The same under the proposed values."""
        return f"{100 * self.guess_then:.2f} %"

    @property
    def rows(self) -> list[tuple[Effect, tuple[int, int], tuple[int, int]]]:
        """Each effect with its numbers now and then."""
        return [(effect, self.now.line(effect), self.then.line(effect)) for effect in Effect]


def _acts(scope_key: str, since: datetime) -> QuerySet[Act]:
    rows = Act.objects.filter(at__gte=since)
    if "/" in scope_key:
        return rows.filter(scope_key=scope_key)
    return rows.filter(post_key=scope_key) if scope_key else rows


def _policies(scope_key: str, of_acts: str, values: Mapping[str, Any]) -> tuple[Policy, Policy]:
    """The policy of one scope as it stands, and as it would be with `values` at `scope_key` above or at it."""
    chain = scope_chain(of_acts)
    layers = [values_in_force(key) for key in chain]
    tried = [dict(values) if key == scope_key else layer for key, layer in zip(chain, layers, strict=True)]
    return merged(*layers), merged(*tried)


def preview(scope_key: str, values: Mapping[str, Any], now: datetime) -> Preview:
    """Play the last seven days again with `values` for `scope_key`; more particular versions keep their say.

    Raises BadPolicyError where the values cannot stand together with those of a more particular scope.
    """
    rows = _acts(scope_key, now - WEEK)
    total = rows.count()
    share = -(-total // MOST)
    scopes = rows.order_by().values_list("scope_key", flat=True).distinct()
    pairs = {key: tuple(Replay(policy) for policy in _policies(scope_key, key, values)) for key in scopes}
    found: tuple[Told, Told] = (Told(), Told())
    harmed: tuple[list[tuple[bytes, Effect]], list[tuple[bytes, Effect]]] = ([], [])
    played = 0
    for row in _played(rows, share):
        played += 1
        act = _recorded(row)
        for side, replay in enumerate(pairs[row[0]]):
            effect = replay.meets(act)
            found[side].acts[effect] += 1
            if effect is not Effect.FREE:
                harmed[side].append((bytes(row[3]), effect))
    real = _real_sessions({session for side in harmed for session, _effect in side}, now)
    for told, side_rows in zip(found, harmed, strict=True):
        told.real.update(effect for session, effect in side_rows if session in real)
    before, after = _policies(scope_key, scope_key, values)
    return Preview(
        total,
        played,
        *found,
        guess_now=one_contact(before, 365),
        guess_then=one_contact(after, 365),
        work_now=_work(before),
        work_then=_work(after),
    )


_FIELDS = (
    "scope_key",
    "at",
    "network_key",
    "session_hash",
    "own_points",
    "range_points",
    "network_acts",
    "session_acts",
    "shared",
    "hosting",
)


def _played(rows: QuerySet[Act], share: int) -> Iterable[tuple[Any, ...]]:
    """The recorded forms in the order of time; of a large week, those of one network in `share`."""
    for row in rows.order_by("at", "pk").values_list(*_FIELDS).iterator(chunk_size=5000):
        if share <= 1 or bytes(row[2])[0] % share == 0:
            yield row


def _recorded(row: tuple[Any, ...]) -> Recorded:
    _scope, at, network, _session, own, above, network_acts, session_acts, shared, hosting = row
    return Recorded(
        at.timestamp(), bytes(network), own, above, network_acts, session_acts, shared=shared, hosting=hosting
    )


def _work(policy: Policy) -> int:
    return policy.proof_cost * policy.proof_tries * 3 // 4 if policy.proof else 0


def _real_sessions(sessions: set[bytes], now: datetime) -> set[bytes]:
    """Of some browsers, those of which a request became a booking that stands or was used."""
    subjects: dict[str, set[bytes]] = {}
    left = iter(sessions)
    while some := list(islice(left, 5000)):
        pairs = Sighting.objects.filter(session_hash__in=some, at__gte=now - 2 * WEEK).exclude(subject="")
        for subject, session in pairs.values_list("subject", "session_hash"):
            subjects.setdefault(subject, set()).add(bytes(session))
    real = {subject for ask in confirmed_among for subject in ask(subjects)}
    return {session for subject in real for session in subjects[subject]}
