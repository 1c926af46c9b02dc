"""Slots follow the calendar: made where it has them, taken back where it has them no more.

Only slots that wait in the pool and were never opened are touched. A slot that was released,
is in a draw, is taken, or came back and is withheld stays where it is: somebody was shown it.
How many of those stand in the way is said in the answer, for staff to decide.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from io import StringIO

from django.db import connection, transaction

from appointments.calendar.plans import ServicePlan, load_plans
from appointments.domain.calendar.zones import local_of
from appointments.models import Post, Service

__all__ = ["SlotChanges", "make_slots", "make_slots_of_post", "preview_slots"]

# First half of the advisory locks of this module; the second is the post.
_LOCK_CLASS = 0x51075


@dataclass(frozen=True, slots=True)
class SlotChanges:
    """What became of the slots of some services in a range of days.

    Attributes:
        created: slots that the calendar has and that did not exist.
        removed: slots waiting in the pool that the calendar has no more.
        kept: slots, in whatever state, that the calendar has.
        in_the_way: slots that the calendar has no more but that were shown to somebody, by state.
        blocked: slots of the calendar that could not be made, because a slot that stays is there.
    """

    created: int = 0
    removed: int = 0
    kept: int = 0
    in_the_way: dict[str, int] = field(default_factory=dict)
    blocked: int = 0

    @property
    def changes_anything(self) -> bool:
        """Whether a row was, or would be, written."""
        return bool(self.created or self.removed)

    def __add__(self, other: "SlotChanges") -> "SlotChanges":
        """Both together, of different days."""
        states = sorted({*self.in_the_way, *other.in_the_way})
        return SlotChanges(
            created=self.created + other.created,
            removed=self.removed + other.removed,
            kept=self.kept + other.kept,
            in_the_way={state: self.in_the_way.get(state, 0) + other.in_the_way.get(state, 0) for state in states},
            blocked=self.blocked + other.blocked,
        )


def make_slots(service: Service, first_day: date, last_day: date, now: datetime) -> SlotChanges:
    """Bring the slots of one service in line with its calendar; running it twice changes nothing.

    Args:
        service: whose slots.
        first_day: first local day; days that have begun are left alone up to `now`.
        last_day: last local day, included.
        now: the current instant.
    """
    return make_slots_of_post(service.post, first_day, last_day, now, [service.pk])


def make_slots_of_post(
    post: Post, first_day: date, last_day: date, now: datetime, service_ids: Iterable[int] | None = None
) -> SlotChanges:
    """As `make_slots`, for several services of a post at once (`None`: all).

    All slots that go, go before the first new one is made, so that a counter can change hands
    between services in one step.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Of two regenerations of one post the later would be undone by the earlier, which read older hours.
        cursor.execute(_LOCK, [_LOCK_CLASS, post.pk])
        changes = _compare(cursor, post, first_day, last_day, now, service_ids)
        cursor.execute(_REMOVE)
        removed = cursor.rowcount
        cursor.execute(_CREATE)
        created = cursor.rowcount
        cursor.execute("DROP TABLE planned_slots, slots_to_remove")
    missing = changes.created + changes.blocked
    return SlotChanges(created, removed, changes.kept, changes.in_the_way, missing - created)


def preview_slots(
    post: Post, first_day: date, last_day: date, now: datetime, service_ids: Iterable[int] | None = None
) -> SlotChanges:
    """What `make_slots_of_post` would do, without doing it."""
    with transaction.atomic(), connection.cursor() as cursor:
        changes = _compare(cursor, post, first_day, last_day, now, service_ids)
        cursor.execute("DROP TABLE planned_slots, slots_to_remove")
    return changes


def _compare(
    cursor: object, post: Post, first_day: date, last_day: date, now: datetime, service_ids: Iterable[int] | None
) -> SlotChanges:
    ids = list(Service.objects.filter(post=post).values_list("pk", flat=True)) if service_ids is None else service_ids
    ids = sorted(ids)
    first_day = max(first_day, local_of(now, post.timezone)[0])
    plans = load_plans(post, ids, first_day, last_day) if first_day <= last_day else []
    execute = cursor.execute  # type: ignore[attr-defined]
    execute(_PLANNED)
    cursor.copy_expert(_COPY, _rows(plans, first_day, last_day, now))  # type: ignore[attr-defined]
    execute("ANALYZE planned_slots")
    scope = {"services": ids, "first_day": first_day, "last_day": last_day, "now": now}
    execute(_TO_REMOVE, scope)
    execute(_COUNT, scope)
    planned, kept, removed, blocked = cursor.fetchone()  # type: ignore[attr-defined]
    execute(_IN_THE_WAY, scope)
    in_the_way = dict(cursor.fetchall())  # type: ignore[attr-defined]
    return SlotChanges(planned - kept - blocked, removed, kept, in_the_way, blocked)


def _rows(plans: list[ServicePlan], first_day: date, last_day: date, now: datetime) -> StringIO:
    rows = StringIO()
    for plan in plans:
        for slot in plan.slots(first_day, last_day):
            if slot.starts_at > now:
                rows.write(
                    f"{plan.service_id}\t{slot.counter}\t{slot.local_day}\t{slot.local_time}\t"
                    f"{slot.starts_at.isoformat()}\t{slot.ends_at.isoformat()}\n"
                )
    rows.seek(0)
    return rows


_LOCK = "SELECT pg_advisory_xact_lock(%s, %s)"
_PLANNED = """
CREATE TEMPORARY TABLE planned_slots (
    service_id bigint, counter_id bigint, local_day date, local_time time,
    starts_at timestamptz, ends_at timestamptz
) ON COMMIT DROP
"""
_COPY = "COPY planned_slots FROM STDIN"
_SAME = """
    slot.service_id = plan.service_id AND slot.counter_id = plan.counter_id AND slot.local_day = plan.local_day
    AND slot.local_time = plan.local_time AND slot.starts_at = plan.starts_at AND slot.ends_at = plan.ends_at
"""
_CONCERNED = """
    slot.service_id = ANY(%(services)s) AND slot.local_day BETWEEN %(first_day)s AND %(last_day)s
    AND slot.starts_at > %(now)s
"""
_TO_REMOVE = f"""
CREATE TEMPORARY TABLE slots_to_remove ON COMMIT DROP AS
SELECT slot.id FROM appointments_slot slot
WHERE {_CONCERNED} AND slot.state = 'pooled'
  AND NOT EXISTS (SELECT FROM planned_slots plan WHERE {_SAME})
"""  # noqa: S608 - constants only
_COUNT = f"""
SELECT
    (SELECT count(*) FROM planned_slots),
    count(slot.id),
    (SELECT count(*) FROM slots_to_remove),
    count(*) FILTER (WHERE slot.id IS NULL AND EXISTS (
        SELECT FROM appointments_slot other
        WHERE other.counter_id = plan.counter_id AND other.state <> 'removed'
          AND tstzrange(other.starts_at, other.ends_at) && tstzrange(plan.starts_at, plan.ends_at)
          AND NOT EXISTS (SELECT FROM slots_to_remove gone WHERE gone.id = other.id)))
FROM planned_slots plan LEFT JOIN appointments_slot slot ON slot.state <> 'removed' AND {_SAME}
"""  # noqa: S608 - constants only
_IN_THE_WAY = f"""
SELECT slot.state, count(*) FROM appointments_slot slot
WHERE {_CONCERNED} AND slot.state NOT IN ('pooled', 'removed')
  AND NOT EXISTS (SELECT FROM planned_slots plan WHERE {_SAME})
GROUP BY slot.state ORDER BY slot.state
"""  # noqa: S608 - constants only
# The state is asked again: since the comparison a release may have opened the slot. One that is locked is being opened
# at this moment; waiting for it while holding others could end in a deadlock, so it is left for the next time.
_REMOVE = """
DELETE FROM appointments_slot WHERE id IN (
    SELECT slot.id FROM appointments_slot slot JOIN slots_to_remove gone USING (id)
    WHERE slot.state = 'pooled' ORDER BY slot.id FOR UPDATE OF slot SKIP LOCKED)
"""
_CREATE = f"""
INSERT INTO appointments_slot (service_id, counter_id, local_day, local_time, starts_at, ends_at, state, quota)
SELECT plan.service_id, plan.counter_id, plan.local_day, plan.local_time, plan.starts_at, plan.ends_at,
       'pooled', 'ordinary'
FROM planned_slots plan
WHERE NOT EXISTS (SELECT FROM appointments_slot slot WHERE slot.state <> 'removed' AND {_SAME})
ORDER BY plan.service_id, plan.local_day, plan.local_time, plan.counter_id
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants only
