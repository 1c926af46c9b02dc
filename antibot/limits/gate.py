"""May this request go on? Blocks, steps and caps, in this order."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from antibot.domain.policy import Policy
from antibot.domain.scores import Fault, Step, step_of
from antibot.limits.caps import Usage, use
from antibot.limits.faults import record_fault
from antibot.limits.origins import Caller, caller, factor_of, known
from antibot.limits.passing import Act, Passed
from antibot.limits.scoring import Points, read_points
from antibot.limits.shadow import observe, observe_steps
from antibot.limits.tallies import Kind, Outcome, tally
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
    return step_at(who, points, policy), points


def step_at(who: Caller, points: Points, policy: Policy) -> Step:
    """The step of a caller with these points."""
    step = step_of(points.own, points.rollup, policy, shared=who.shared)
    return max(step, Step.CHALLENGE) if who.hosting else step


def refused_by_block(request: HttpRequest, scope_key: str, now: datetime) -> Refusal | None:
    """The refusal of a network that is blocked; a posted form that meets it is counted."""
    until = known(request).blocked_until(now)
    if until is None:
        return None
    if request.method not in _SAFE:
        tally(scope_key, Kind.ACT, Outcome.BLOCKED, now)
    return refuse(Reason.BLOCKED, int((until - now).total_seconds()) + 1)


def gate(request: HttpRequest, purpose: Purpose, scope_key: str, now: datetime) -> Refusal | None:
    """None where the request may go on. Looking at pages is never counted, only posted forms are."""
    refused = refused_by_block(request, scope_key, now)
    if refused is not None or request.method in _SAFE:
        return refused
    who, force = caller(request), in_force(scope_key)
    act = Act(who, session_hash(request), purpose, scope_key, force.policy, now)
    passed = act.pass_by()
    if passed is None:
        return _uncounted(purpose)
    refused = _slower(request, who, passed.points, force, now)
    if not passed.counted:
        passed = act.write_down() if refused else act.pass_by(slow=True)
    if refused is not None:
        tally(scope_key, Kind.ACT, Outcome.SLOWED, now)
        return refused
    # Counting may have ended since the points were read: what is shut without it is shut to a slowed network, too.
    return _uncounted(purpose) if passed is None else _caps(request, who, passed, scope_key, force, now)


def _uncounted(purpose: Purpose) -> Refusal | None:
    """What a door does while nobody can count (ADR 30)."""
    if purpose not in CLOSED_WITHOUT_COUNTING:
        return None
    return refuse(Reason.HOLDS_WAIT if purpose == Purpose.HOLD else Reason.AWAY, 60)


def _slower(request: HttpRequest, who: Caller, points: Points, force: InForce, now: datetime) -> Refusal | None:
    step = step_at(who, points, force.policy)
    observe_steps(who, force, now)
    if step < Step.SLOWER:
        return None
    usage = use(request, "slower", who.key, 1, force.policy.slower_seconds)
    return refuse(Reason.SLOWER, max(1, usage.seconds_left)) if usage.over else None


def _caps(
    request: HttpRequest, who: Caller, used: Passed, scope_key: str, force: InForce, now: datetime
) -> Refusal | None:
    if force.shadow is not None:
        would = used.network.count > force.shadow.acts_per_minute * factor_of(force.shadow, who)
        would = would or used.session.count > force.shadow.acts_per_session_minute
        observe(force.shadow_version, "acts", would_refuse=would, now=now)
    refused = used.session if used.session.over else used.network
    if not refused.over:
        return None
    tally(scope_key, Kind.ACT, Outcome.CAPPED, now)
    if _first_over(refused):
        record_fault(request, Fault.ACTS_MANY, scope_key, now)
    return refuse(Reason.TOO_MANY, max(1, refused.seconds_left))


def _first_over(usage: Usage) -> bool:
    # One fault a window: somebody who keeps a finger on the reload key is not a hundred attackers.
    return usage.count == usage.limit + 1
