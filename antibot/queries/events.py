"""Taking events from the outbox."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from antibot.models import OutboxEvent
from vault.rows import columns, read

_TAKE = """
    WITH oldest AS MATERIALIZED (
        SELECT e.id AS taken FROM antibot_outboxevent e
         WHERE e.consumed_at IS NULL AND NOT EXISTS (
               SELECT FROM antibot_outboxevent earlier
                WHERE earlier.subject = e.subject AND earlier.id < e.id AND earlier.consumed_at IS NULL)
         ORDER BY e.id LIMIT %s FOR UPDATE OF e SKIP LOCKED)
    UPDATE antibot_outboxevent SET consumed_at = %s FROM oldest WHERE id = taken RETURNING {}
"""


def take_waiting_events(limit: int, now: datetime) -> list[OutboxEvent]:
    """Lock and mark waiting events, oldest first, and for each subject only its oldest one.

    Runs in the caller's transaction: rolled back, the events wait again. Two consumers never hold two events of one
    subject, so a refund cannot overtake its payment.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(columns(OutboxEvent)), [limit, now])
        rows = [read(OutboxEvent, values) for values in cursor.fetchall()]
    return sorted(rows, key=lambda row: row.pk)
