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
# Indexes that are not kept while rows are written, and are all built again at once. Adding the rule that no counter
# serves two at once to a full table looks every row up in its index, 70 µs each; VACUUM FULL builds that index without.
_KEEP = """
    UPDATE pg_index SET indisready = %(kept)s, indisvalid = %(kept)s
     WHERE indrelid = 'appointments_slot'::regclass AND NOT indisprimary
"""
# The same rule, asked once for all rows: the first that begins before the one before it at its counter has ended.
_OVERLAP = """
    SELECT id FROM (SELECT id, starts_at, lag(ends_at) OVER (PARTITION BY counter_id ORDER BY starts_at) AS before
                      FROM appointments_slot WHERE state <> 'removed') AS s WHERE before > starts_at LIMIT 1
"""


def fill(key: str, wanted: int) -> Service:
    """A post of its own with a drawn service and `wanted` slots in its pool, rounded down to whole days.

    Foreign keys and counts hold afterwards as if every row had come by the front door.
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
    """Services with `each` slots until there are `total` slots more; returns them.

    Raises:
        RuntimeError: where two slots overlap at a counter, which the rule would have refused.
    """
    services = []
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(_KEEP, {"kept": False})
        for number in range(max(1, round(total / each))):
            print(f"  {(number + 1) * each:,} of {total:,} slots …", file=sys.stderr, flush=True)
            services.append(fill(f"{prefix}-{number}", each))
        print("  their indexes …", file=sys.stderr, flush=True)
        cursor.execute("VACUUM FULL appointments_slot")
        cursor.execute(_KEEP, {"kept": True})
        cursor.execute(_OVERLAP)
        if cursor.fetchone():
            raise RuntimeError("Two slots overlap at a counter.")
        cursor.execute("RESET work_mem")
        cursor.execute("RESET maintenance_work_mem")
        cursor.execute("VACUUM (ANALYZE) appointments_slot")
        cursor.execute("ANALYZE")
        cursor.execute("CHECKPOINT")  # now, and not during what is measured next
    return services
