"""Counting what goes wrong; the only way in which a network earns points."""

from __future__ import annotations

import logging
from datetime import datetime

from django.http import HttpRequest

from antibot.domain.policy import Policy
from antibot.domain.scores import POINTS, Fault, Step, step_of
from antibot.limits.blocks import block
from antibot.limits.counting import CountingAwayError, run
from antibot.limits.origins import Caller, caller, factor_of
from antibot.limits.scoring import add_points
from antibot.limits.shadow import observe, points_in_shadow
from antibot.queries.policies import in_force

log = logging.getLogger(__name__)


_COUNT = """
local fresh = redis.call('PFADD', KEYS[1], ARGV[1])
if fresh == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {fresh, redis.call('PFCOUNT', KEYS[1])}
"""


def _identities(policy: Policy, who: Caller) -> int:
    return policy.identities_per_day * factor_of(policy, who)


def record_fault(request: HttpRequest, fault: Fault, scope_key: str, now: datetime, times: int = 1) -> None:
    """Add the points of `fault` to the caller's network and block it where the policy says so. Never raises."""
    who, force = caller(request), in_force(scope_key)
    policy = force.policy
    points = add_points(who, POINTS[fault] * times, policy, now)
    if fault is not Fault.IDENTITIES_MANY:
        # Of identities, `count_identity` asks the version in shadow by its own limit.
        points_in_shadow(who, POINTS[fault] * times, force, now)
    log.info("fault", extra={"fault": str(fault), "scope": scope_key, "points": round(points.own, 1)})
    if step_of(points.own, points.rollup, policy, shared=who.shared) is Step.BLOCK:
        made = block(who, scope_key, str(fault), points.own, policy, now)
        if made is not None:
            log.warning("network_blocked", extra={"block": made.pk, "fault": str(fault), "scope": scope_key})


def count_identity(request: HttpRequest, scope_key: str, identity_index: bytes, now: datetime) -> int:
    """Count distinct identities of the caller's network today; each one beyond the policy's number is a fault.

    HyperLogLog (Flajolet et al. 2007) keeps a few bytes a network whatever their number; at the small numbers that
    matter here it is exact. Returns the count, 0 while nothing can be counted.
    """
    who, force = caller(request), in_force(scope_key)
    key = f"i:{now:%Y%m%d}:{who.key}"
    try:
        fresh, count = run(_COUNT, [key], [identity_index, 26 * 3600])
    except CountingAwayError:
        return 0
    if fresh and count > _identities(force.policy, who):
        record_fault(request, Fault.IDENTITIES_MANY, scope_key, now)
    if fresh and force.shadow is not None:
        would = count > _identities(force.shadow, who)
        observe(force.shadow_version, "identities", would_refuse=would, now=now)
        if would:
            points_in_shadow(who, POINTS[Fault.IDENTITIES_MANY], force, now)
    return int(count)
