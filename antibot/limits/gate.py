"""May this request go on? Blocks, steps and caps, in this order."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from antibot.domain.policy import Policy
from antibot.domain.scores import Fault, Step, step_of
from antibot.limits.blocks import standing_block
from antibot.limits.caps import Usage, use, use_together
from antibot.limits.faults import record_fault
from antibot.limits.origins import Caller, caller
from antibot.limits.scoring import Points, read_points
from antibot.limits.shadow import observe
from antibot.purposes import CLOSED_WITHOUT_COUNTING, Purpose
from antibot.queries.policies import InForce, in_force
from antibot.refusals import Reason, Refusal, refuse
from antibot.sessions import session_hash

_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}


def step_for(request: HttpRequest, scope_key: str, now: datetime) -> tuple[Step, Points]:
    """The step that the caller stands on, hosting networks at least at the harder challenge."""
    who = caller(request)
    policy = in_force(scope_key).policy
    points = read_points(who, policy, now)
    return _step(who, points, policy), points


def _step(who: Caller, points: Points, policy: Policy) -> Step:
    step = step_of(points.own, points.rollup, policy, shared=who.shared)
    return max(step, Step.CHALLENGE) if who.hosting else step


def gate(request: HttpRequest, purpose: Purpose, scope_key: str, now: datetime) -> Refusal | None:
    """None where the request may go on. Looking at pages is never counted, only posted forms are."""
    who = caller(request)
    standing = standing_block(who, now)
    if standing is not None:
        return refuse(Reason.BLOCKED, int((standing.ends_at - now).total_seconds()) + 1)
    if request.method in _SAFE:
        return None
    force = in_force(scope_key)
    points = read_points(who, force.policy, now)
    if not points.known:
        if purpose not in CLOSED_WITHOUT_COUNTING:
            return None
        return refuse(Reason.HOLDS_WAIT if purpose == Purpose.HOLD else Reason.AWAY, 60)
    return _slower(request, who, points, force, now) or _caps(request, who, purpose, scope_key, force, now)


def _slower(request: HttpRequest, who: Caller, points: Points, force: InForce, now: datetime) -> Refusal | None:
    step = _step(who, points, force.policy)
    if force.shadow is not None:
        would = _step(who, points, force.shadow)
        observe(force.shadow_version, "slower", would_refuse=would >= Step.SLOWER, now=now)
        observe(force.shadow_version, "block", would_refuse=would >= Step.BLOCK, now=now)
    if step < Step.SLOWER:
        return None
    usage = use(request, "slower", who.key, 1, force.policy.slower_seconds)
    return refuse(Reason.SLOWER, max(1, usage.seconds_left)) if usage.over else None


def _caps(
    request: HttpRequest, who: Caller, purpose: Purpose, scope_key: str, force: InForce, now: datetime
) -> Refusal | None:
    policy = force.policy
    factor = policy.shared_factor if who.shared else 1
    per_session, per_network = use_together(
        ("session", session_hash(request).hex(), policy.acts_per_session_minute, 60),
        (f"acts.{purpose}", who.key, policy.acts_per_minute * factor, 60),
    )
    if force.shadow is not None:
        would = per_network.count > force.shadow.acts_per_minute * (force.shadow.shared_factor if who.shared else 1)
        would = would or per_session.count > force.shadow.acts_per_session_minute
        observe(force.shadow_version, "acts", would_refuse=would, now=now)
    refused = per_session if per_session.over else per_network
    if not refused.over:
        return None
    if _first_over(refused):
        record_fault(request, Fault.ACTS_MANY, scope_key, now)
    return refuse(Reason.TOO_MANY, max(1, refused.seconds_left))


def _first_over(usage: Usage) -> bool:
    # One fault a window: somebody who keeps a finger on the reload key is not a hundred attackers.
    return usage.count == usage.limit + 1
