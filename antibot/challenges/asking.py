"""What Valkey is asked before a challenge is made or fetched: the caps per network, and which picture it has to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpRequest

from antibot.domain.policy import Policy
from antibot.domain.scores import Step
from antibot.limits.caps import Usage, use
from antibot.limits.gate import step_at
from antibot.limits.origins import caller, factor_of, network_key
from antibot.limits.shadow import observe, step_in_shadow
from antibot.limits.windows import HOUR, MINUTE, count, count_picture
from antibot.queries.policies import InForce, in_force


@dataclass(frozen=True)
class Asked:
    """A picture that is about to be shown; `hard` counts where it is not one too many."""

    usage: Usage
    hard: bool


def ask_for_picture(request: HttpRequest, scope_key: str, now: datetime) -> Asked:
    """Count a picture of this network, and say whether it has to be the harder one.

    The harder one is for everybody by policy, for networks with points, and after many solved without a proof of work.
    """
    who, force = caller(request), in_force(scope_key)
    limit = _pictures(force.policy, factor_of(force.policy, who))
    usage, unproven, points = count_picture(who, limit, force.policy, now)
    if force.shadow is not None:
        _observe_cap(usage, force, _pictures(force.shadow, factor_of(force.shadow, who)), now)
        would = _harder(force.shadow, step_in_shadow(who, force, now), unproven, factor_of(force.shadow, who))
        observe(force.shadow_version, "harder", would_refuse=would, now=now)
    step = step_at(who, points, force.policy)
    return Asked(usage, _harder(force.policy, step, unproven, factor_of(force.policy, who)))


def _harder(policy: Policy, step: Step, unproven: int, factor: int) -> bool:
    if policy.captcha_hard_always or step >= Step.CHALLENGE:
        return True
    return policy.proof and unproven > policy.unproven_per_hour * factor


def _pictures(policy: Policy, factor: int, share: int = 1) -> int:
    return max(1, policy.pictures_per_minute * factor // share)


def _observe_cap(usage: Usage, force: InForce, limit: int, now: datetime) -> None:
    if usage.known:
        observe(force.shadow_version, "pictures", would_refuse=usage.count > limit, now=now)


def count_fetched(request: HttpRequest, now: datetime) -> Usage:
    """Count a picture that a browser fetches. Tables are asked about the network only where that decides."""
    force = in_force("")
    usage = count("fetched", network_key(request), _pictures(force.policy, 1), MINUTE, now)
    if usage.over:
        usage = replace(usage, limit=_pictures(force.policy, factor_of(force.policy, caller(request))))
    if force.shadow is not None:
        _observe_cap(usage, force, _pictures(force.shadow, factor_of(force.shadow, caller(request))), now)
    return usage


def count_dearer(request: HttpRequest, group: str, share: int, now: datetime) -> Usage:
    """Count a sound or a proof of work's challenge; `share` makes dearer things count against a part of the cap."""
    who, force = caller(request), in_force("")
    usage = use(request, group, who.key, _pictures(force.policy, factor_of(force.policy, who), share), MINUTE)
    if force.shadow is not None:
        _observe_cap(usage, force, _pictures(force.shadow, factor_of(force.shadow, who), share), now)
    return usage


def count_unproven(request: HttpRequest, tallied: tuple[str, str], now: datetime) -> None:
    """Count a challenge that was solved without a proof of work."""
    count("unproven", network_key(request), 0, HOUR, now, tallied)
