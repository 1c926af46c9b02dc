"""Which draw a release belongs to."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from appointments.models import Draw, Release, ReleasePolicy, Service


def next_batch(policy: ReleasePolicy, zone: ZoneInfo, now: datetime) -> datetime:
    """The next daily draw after `now`, by the clock at the post."""
    assert policy.batch_time is not None  # noqa: S101 - a constraint of the table; narrows the type
    local = now.astimezone(zone)
    for days in (0, 1):
        wall = datetime.combine(local.date() + timedelta(days=days), policy.batch_time, zone)
        if wall > local:
            return wall
    return wall


def source_in_use() -> str:
    """Where the randomness of new draws comes from, by the installation's setting."""
    return Draw.Source.DEMONSTRATION if settings.RANDOMNESS == "demonstration" else Draw.Source.DRAND


def draw_to_join(service: Service, policy: ReleasePolicy, kind: str, now: datetime) -> Draw:
    """The draw that takes the slots of a release: the day's draw in batch mode, otherwise one of its own.

    Called while the caller holds the tick mark of its stream, so that two releases never make two daily draws. The
    draw is locked, so that it cannot be closed between this and the slots' change of state.
    """
    batch = policy.mode == ReleasePolicy.Mode.BATCH and kind == Release.Kind.DRAWN
    if batch:
        closes_at = next_batch(policy, ZoneInfo(service.post.timezone), now)
        collecting = (
            Draw.objects.select_for_update(no_key=True)
            .filter(service=service, policy=policy, standby=False, state=Draw.State.COLLECTING, closes_at=closes_at)
            .order_by("pk")
            .first()
        )
        if collecting is not None:
            return collecting
    else:
        closes_at = now + timedelta(seconds=policy.claim_window_seconds)
    return Draw.objects.create(
        service=service,
        policy=policy,
        standby=kind == Release.Kind.STANDBY,
        opened_at=now,
        closes_at=closes_at,
        source=source_in_use(),
    )
