"""What a version in shadow would have done: counted in Valkey, carried into the table by a task."""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from antibot.limits.counting import CountingAwayError, call, run
from antibot.models import PolicyVersion, ShadowTally

_KEY = "shadow"
_DRAIN = "local all = redis.call('HGETALL', KEYS[1]); redis.call('DEL', KEYS[1]); return all"


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
    try:
        flat: list[bytes] = run(_DRAIN, [_KEY], [])
    except CountingAwayError:
        return 0
    sums: dict[tuple[int, str, str], list[int]] = {}
    for name, value in zip(flat[::2], flat[1::2], strict=True):
        version, day, rule, refused = name.decode().split("|")
        pair = sums.setdefault((int(version), day, rule), [0, 0])
        pair[0] += int(value)
        pair[1] += int(value) * int(refused)
    known = set(PolicyVersion.objects.filter(pk__in={key[0] for key in sums}).values_list("pk", flat=True))
    for (version_pk, day, rule), (checked, refused_count) in sums.items():
        if version_pk not in known:
            continue
        tally, _ = ShadowTally.objects.get_or_create(policy_id=version_pk, day=dt.date.fromisoformat(day), rule=rule)
        ShadowTally.objects.filter(pk=tally.pk).update(
            checked=F("checked") + checked, would_refuse=F("would_refuse") + refused_count
        )
    return len(sums)
