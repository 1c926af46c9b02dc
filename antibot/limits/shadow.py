"""What a version in shadow would have done: counted in Valkey, carried into the table by a task.

A version in shadow has points of its own, which decay by its own half-life, and blocks of its own, which end after its
own hours; nobody meets either. It begins without points, so its first hour or two show fewer blocks than later ones.
Where no version is in shadow, nothing here asks Valkey for anything.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from antibot.domain.scores import REPEATED_WITHIN_DAYS, Step, block_hours_after, step_of
from antibot.limits.counting import CountingAwayError, call, drain
from antibot.limits.origins import Caller
from antibot.limits.scoring import Points, add_points
from antibot.models import PolicyVersion, ShadowTally
from antibot.queries.policies import InForce

_KEY = "shadow"


def observe(version: int | None, rule: str, *, would_refuse: bool, now: dt.datetime) -> None:
    """Note that `rule` was looked at for a version in shadow; a row a request would be a queue at one lock."""
    if version is None:
        return
    try:
        call("hincrby", _KEY, f"{version}|{now:%Y-%m-%d}|{rule}|{int(would_refuse)}", 1)
    except CountingAwayError:
        return


def points_in_shadow(who: Caller, points: float, force: InForce, now: dt.datetime) -> Points:
    """The caller's points by the version in shadow, after adding `points`; 0 only reads."""
    if force.shadow is None:
        return Points(0.0, 0.0, known=False)
    return add_points(who, points, force.shadow, now, kind=f"w{force.shadow_version}")


def step_in_shadow(who: Caller, force: InForce, now: dt.datetime) -> Step:
    """The step that the caller would stand on, by the points of the version in shadow."""
    if force.shadow is None:
        return Step.FREE
    points = points_in_shadow(who, 0, force, now)
    step = step_of(points.own, points.rollup, force.shadow, shared=who.shared)
    return max(step, Step.CHALLENGE) if who.hosting else step


def observe_steps(who: Caller, force: InForce, now: dt.datetime) -> None:
    """Would this form have been slowed down, or met a block?"""
    shadow, version = force.shadow, force.shadow_version
    if shadow is None:
        return
    step = step_in_shadow(who, force, now)
    block, window = f"wb{version}:{who.key}", f"ws{version}:{who.key}"
    try:
        blocked = bool(call("exists", block))
        if step is Step.BLOCK and not blocked:
            earlier = call("incr", f"wn{version}:{who.key}") - 1
            call("expire", f"wn{version}:{who.key}", REPEATED_WITHIN_DAYS * 86400)
            blocked = bool(call("set", block, 1, ex=block_hours_after(earlier, shadow) * 3600))
            call("delete", f"w{version}:{who.key}")  # as after a real block, points begin anew
        slowed = not blocked and step >= Step.SLOWER and not call("set", window, 1, ex=shadow.slower_seconds, nx=True)
    except CountingAwayError:
        return
    observe(version, "block", would_refuse=blocked, now=now)
    observe(version, "slower", would_refuse=slowed, now=now)


def carry() -> int:
    """Move the counts into ShadowTally; returns how many rows were touched."""
    sums: dict[tuple[int, str, str], list[int]] = {}
    for name, value in drain(_KEY).items():
        version, day, rule, refused = name.split("|")
        pair = sums.setdefault((int(version), day, rule), [0, 0])
        pair[0] += value
        pair[1] += value * int(refused)
    known = set(PolicyVersion.objects.filter(pk__in={key[0] for key in sums}).values_list("pk", flat=True))
    for (version_pk, day, rule), (checked, refused_count) in sums.items():
        if version_pk not in known:
            continue
        tally, _ = ShadowTally.objects.get_or_create(policy_id=version_pk, day=dt.date.fromisoformat(day), rule=rule)
        ShadowTally.objects.filter(pk=tally.pk).update(
            checked=F("checked") + checked, would_refuse=F("would_refuse") + refused_count
        )
    return len(sums)
