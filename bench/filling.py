"""Millions of slots in minutes: written by statements over series, without triggers, indexes built afterwards."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from appointments.models import Service
from bench.draw_tables import _SLOTS as SERIES
from bench.draw_tables import _service as make_service

COUNTERS = 40
QUARTERS = 28
A_DAY = COUNTERS * QUARTERS

# What the triggers would have counted.
_COUNTS = """
    INSERT INTO appointments_poolday (service_id, local_day, count)
    SELECT service_id, local_day, count(*) FROM appointments_slot
     WHERE service_id = %s AND state IN ('pooled', 'withheld') GROUP BY service_id, local_day
"""
_CONSTRAINT = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = 'appointments_slot'::regclass AND contype = 'x'
"""
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'appointments_slot' AND indexname NOT LIKE '%_pkey'
"""


def fill(key: str, wanted: int) -> Service:
    """A post of its own with a drawn service and `wanted` slots in its pool, rounded down to whole days.

    Foreign keys and counts hold afterwards as if every row had come by the front door; constraints that were dropped
    are checked when they are built again.
    """
    service = make_service(key, COUNTERS)
    first = datetime.now(UTC).date() + timedelta(days=2)
    values: dict[str, Any] = {
        "service": service.pk,
        "post": service.post_id,
        "first": first,
        "last": first + timedelta(days=wanted // A_DAY - 1),
        "quarters": QUARTERS,
        "state": "pooled",
        "release": None,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(SERIES, values)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(_COUNTS, [service.pk])
    return service


def fill_many(prefix: str, total: int, each: int) -> list[Service]:
    """Services with `each` slots until there are `total` slots more; returns them."""
    with connection.cursor() as cursor:
        cursor.execute(_CONSTRAINT)
        constraints = cursor.fetchall()
        for name, _definition in constraints:
            cursor.execute(f'ALTER TABLE appointments_slot DROP CONSTRAINT "{name}"')
        cursor.execute(_INDEXES)
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        services = []
        for number in range(max(1, round(total / each))):
            print(f"  {(number + 1) * each:,} of {total:,} slots …", file=sys.stderr, flush=True)
            services.append(fill(f"{prefix}-{number}", each))
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _name, definition in indexes:
            cursor.execute(definition)
        for name, definition in constraints:
            print("  the rule that no counter serves two at once …", file=sys.stderr, flush=True)
            cursor.execute(f'ALTER TABLE appointments_slot ADD CONSTRAINT "{name}" {definition}')
        cursor.execute("RESET maintenance_work_mem")
        cursor.execute("VACUUM (ANALYZE) appointments_slot")
        cursor.execute("ANALYZE")
    return services
