"""Instants of future slots, derived anew when a government changes its clocks.

The local date and time is what people were promised and does not move. Morocco gave up UTC+1 on
20 September 2026: a slot made before for nine o'clock in October is still at nine, one hour later
for the rest of the world.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db import IntegrityError, connection, transaction

from appointments.domain.calendar.zones import ZoneUnknownError, instant_of, nearest_instant
from appointments.models import Post, Slot

__all__ = ["InstantChanges", "recompute_instants"]

# Rows move one by one within a statement, and the constraint against two slots at one counter looks at every step.
# A detour far from all slots makes room.
_DETOUR = timedelta(days=100 * 366)
DAYS_AT_ONCE = 14

_Moment = tuple[date, time, datetime, datetime]


@dataclass(frozen=True, slots=True)
class InstantChanges:
    """What a recomputation found.

    Attributes:
        moved: slots whose instants were wrong, and are right now.
        in_a_gap: slots at a local time that the clock now jumps over; staff have to look at them.
        failed: posts whose slots would now collide, or whose zone is unknown; the two weeks concerned, and
            those after, were left as they were.
    """

    moved: int
    in_a_gap: int
    failed: list[str] = field(default_factory=list)


def recompute_instants(now: datetime, posts: Iterable[Post] | None = None) -> InstantChanges:
    """Derive the instants of all slots that are still to come; local times never move.

    Two weeks a transaction: what is done stays done, and no row is locked for long.

    Args:
        now: slots whose derived start lies more than a day before are history and stay.
        posts: whose slots; `None`: all.
    """
    moved = gaps = 0
    failed = []
    for post in Post.objects.order_by("key") if posts is None else posts:
        try:
            wrong, post_gaps = _wrong(post, now)
            gaps += post_gaps
            for _, weeks in groupby(wrong, key=lambda moment: moment[0].toordinal() // DAYS_AT_ONCE):
                with transaction.atomic():
                    moved += _move(post, list(weeks), now)
        except (IntegrityError, ZoneUnknownError):
            failed.append(post.key)
    return InstantChanges(moved, gaps, failed)


def _wrong(post: Post, now: datetime) -> tuple[list[_Moment], int]:
    # A day of grace: rules of clocks move an instant by hours.
    slots = Slot.objects.filter(service__post=post, starts_at__gt=now - timedelta(days=1))
    wrong: list[_Moment] = []
    gaps = 0
    moments = slots.values_list("local_day", "local_time", "starts_at").order_by("local_day", "local_time").distinct()
    for day, at, starts_at in moments:
        derived = nearest_instant(day, at, post.timezone)
        gaps += instant_of(day, at, post.timezone) is None
        if derived != starts_at.astimezone(UTC):
            wrong.append((day, at, starts_at, derived))
    return wrong, gaps


def _move(post: Post, wrong: list[_Moment], now: datetime) -> int:
    columns = [list(column) for column in zip(*wrong, strict=True)]
    with connection.cursor() as cursor:
        there: list[Any] = [_DETOUR, _DETOUR, *columns, post.pk]
        cursor.execute(_MOVE, there)
        moved = int(cursor.rowcount)
        back: list[Any] = [_DETOUR, _DETOUR, now + _DETOUR - timedelta(days=366), post.pk]
        cursor.execute(_RETURN, back)
    return moved


_MOVE = """
UPDATE appointments_slot slot
SET starts_at = wrong.derived + %s, ends_at = wrong.derived + %s + (slot.ends_at - slot.starts_at)
FROM unnest(%s::date[], %s::time[], %s::timestamptz[], %s::timestamptz[])
         AS wrong (local_day, local_time, starts_at, derived),
     appointments_service service
WHERE service.id = slot.service_id AND service.post_id = %s
  AND slot.local_day = wrong.local_day AND slot.local_time = wrong.local_time AND slot.starts_at = wrong.starts_at
"""
_RETURN = """
UPDATE appointments_slot slot
SET starts_at = slot.starts_at - %s, ends_at = slot.ends_at - %s
FROM appointments_service service
WHERE slot.starts_at > %s AND service.id = slot.service_id AND service.post_id = %s
"""
