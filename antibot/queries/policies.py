"""The policy in force for a scope, and the one that only observes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db.models.signals import post_save

from antibot.domain.policy import Policy, merged, scope_chain
from antibot.models import PolicyVersion

# Another process may have written a version: nobody waits longer than this for it to count.
KEEP_SECONDS = 5.0


@dataclass(frozen=True)
class InForce:
    """The policy that counts, and, where the newest version of a scope is in shadow, what it would make of it."""

    policy: Policy
    shadow: Policy | None
    shadow_version: int | None  # primary key of the PolicyVersion in shadow


_known: dict[str, tuple[float, InForce]] = {}


def forget(**_: object) -> None:
    """Read the versions again at the next question."""
    _known.clear()


post_save.connect(forget, sender=PolicyVersion, dispatch_uid="antibot-policy")


def _read(scope_key: str) -> InForce:
    chain = scope_chain(scope_key)
    rows = PolicyVersion.objects.filter(scope_key__in=chain).order_by("scope_key", "-version")
    newest: dict[str, PolicyVersion] = {}
    newest_in_force: dict[str, PolicyVersion] = {}
    for row in rows.iterator():
        newest.setdefault(row.scope_key, row)
        if not row.shadow:
            newest_in_force.setdefault(row.scope_key, row)
    policy = merged(*(newest_in_force[key].values for key in chain if key in newest_in_force))
    watched = [newest[key] for key in chain if key in newest and newest[key].shadow]
    if not watched:
        return InForce(policy, None, None)
    shadow = merged(*(newest[key].values for key in chain if key in newest))
    return InForce(policy, shadow, watched[-1].pk)


def in_force(scope_key: str) -> InForce:
    """What counts for `scope_key` (`""`, `post` or `post/service`); a few seconds old at most."""
    now = time.monotonic()
    known = _known.get(scope_key)
    if known is not None and known[0] > now:
        return known[1]
    if len(_known) > 2000:
        _known.clear()
    found = _read(scope_key)
    _known[scope_key] = (now + KEEP_SECONDS, found)
    return found


def policy_for(scope_key: str) -> Policy:
    """The policy that counts for `scope_key`."""
    return in_force(scope_key).policy
