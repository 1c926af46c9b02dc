"""Blocks: made by a score, ended by time or by a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from antibot.domain.policy import Policy, post_of
from antibot.domain.scores import REPEATED_WITHIN_DAYS, block_hours_after
from antibot.limits.origins import Caller
from antibot.limits.scoring import clear_points
from antibot.limits.tallies import Kind, Outcome, tally
from antibot.models import NetworkBlock


def standing_block(who: Caller, now: datetime) -> NetworkBlock | None:
    """The block that this caller meets at `now`, at every post.

    The database is asked, not Valkey, so that a block neither vanishes nor outlives its end with the counters.
    """
    rows = NetworkBlock.objects.raw(
        "SELECT * FROM antibot_networkblock WHERE network_index = %s AND ends_at > %s AND starts_at <= %s"
        " AND lifted_at IS NULL ORDER BY ends_at DESC LIMIT 1",
        [who.index, now, now],
    )
    return next(iter(rows), None)


def _earlier(who: Caller, now: datetime) -> int:
    """How often the network was blocked lately. What a person has ended was a mistake and does not count."""
    since = now - timedelta(days=REPEATED_WITHIN_DAYS)
    return NetworkBlock.objects.filter(
        network_index=who.index, starts_at__gt=since, starts_at__lte=now, lifted_at__isnull=True
    ).count()


def block(
    who: Caller, scope_key: str, reason: str, points: float, policy: Policy, now: datetime
) -> NetworkBlock | None:
    """Block the caller's network; a repetition lasts longer. None where it is blocked already or cannot be named."""
    if who.shared or not who.network:
        return None
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two requests that pass the threshold together make one block.
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", [0x616E7469, int.from_bytes(who.index[:4], "big", signed=True)]
            )
        if standing_block(who, now) is not None:
            return None
        hours = block_hours_after(_earlier(who, now), policy)
        made = NetworkBlock.objects.create(
            network=who.network,
            network_index=who.index,
            scope_key=scope_key,
            post_key=post_of(scope_key),
            reason=reason,
            points=points,
            starts_at=now,
            ends_at=now + timedelta(hours=hours),
        )
    clear_points(who.key)
    tally(scope_key, Kind.NETWORK, Outcome.BLOCKED, now)
    return made
