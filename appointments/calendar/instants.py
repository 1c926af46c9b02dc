"""Instants of future slots, derived anew when a government changes its clocks.

The local date and time is what people were promised and does not move. Morocco gave up UTC+1 on
20 September 2026: a slot made before for nine o'clock in October is still at nine, one hour later
for the rest of the world.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from appointments.domain.calendar.zones import ZoneUnknownError, instant_of, nearest_instant
from appointments.models import Post, Slot

__all__ = ["InstantChanges", "recompute_instants"]

# Rows move one by one within a statement, and the constraint against two slots at one counter looks at every step.
# A detour far from all slots makes room.
_DETOUR = timedelta(days=100 * 366)


@dataclass(frozen=True, slots=True)
class InstantChanges:
    """What a recomputation found.

    Attributes:
        moved: slots whose instants were wrong, and are right now.
        in_a_gap: slots at a local time that the clock now jumps over; staff have to look at them.
        failed: posts whose slots would now collide, or whose zone is unknown; nothing was written for these.
    """

    moved: int
    in_a_gap: int
    failed: list[str] = field(default_factory=list)


def recompute_instants(now: datetime) -> InstantChanges:
    """Derive the instants of all slots that are still to come, post by post; local times never move.

    Args:
        now: slots whose derived start lies more than a day before are history and stay.
    """
    moved = gaps = 0
    failed = []
    for post in Post.objects.only("pk", "key", "timezone").order_by("key"):
        try:
            with transaction.atomic():
                post_moved, post_gaps = _recompute(post, now)
        except (IntegrityError, ZoneUnknownError):
            failed.append(post.key)
        else:
            moved += post_moved
            gaps += post_gaps
    return InstantChanges(moved, gaps, failed)


def _recompute(post: Post, now: datetime) -> tuple[int, int]:
    # A day of grace: rules of clocks move an instant by hours.
    slots = Slot.objects.filter(service__post=post, starts_at__gt=now - timedelta(days=1))
    wrong: list[tuple[date, time, datetime, datetime]] = []
    gaps = 0
    moments = slots.values_list("local_day", "local_time", "starts_at").distinct()
    for day, at, starts_at in moments:
        derived = nearest_instant(day, at, post.timezone)
        gaps += instant_of(day, at, post.timezone) is None
        if derived != starts_at.astimezone(UTC):
            wrong.append((day, at, starts_at, derived))
    if not wrong:
        return 0, gaps
    columns = [list(column) for column in zip(*wrong, strict=True)]
    with connection.cursor() as cursor:
        there: list[Any] = [_DETOUR, _DETOUR, *columns, post.pk]
        cursor.execute(_MOVE, there)
        moved = cursor.rowcount
        back: list[Any] = [_DETOUR, _DETOUR, now + _DETOUR - timedelta(days=366), post.pk]
        cursor.execute(_RETURN, back)
    return moved, gaps


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
