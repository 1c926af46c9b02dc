"""What a version in shadow would have done: counted in Valkey, carried into the table by a task."""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from antibot.limits.counting import CountingAwayError, call, drain
from antibot.models import PolicyVersion, ShadowTally

_KEY = "shadow"


def observe(version: int | None, rule: str, *, would_refuse: bool, now: dt.datetime) -> None:
    """Note that `rule` was looked at for a version in shadow; a row a request would be a queue at one lock."""
    if version is None:
        return
    try:
        call("hincrby", _KEY, f"{version}|{now:%Y-%m-%d}|{rule}|{int(would_refuse)}", 1)
    except CountingAwayError:
        return


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
