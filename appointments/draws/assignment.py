"""Turning the outcome of a draw into bookings: a few statements over sets, whatever the number of tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.backends.utils import CursorWrapper

from appointments.domain.references import new_reference
from appointments.models import Draw

AT_ONCE = 20_000
NOTICE = timedelta(hours=1)
"""A slot that begins sooner after the draw is not given any more (it happens when a beacon was late)."""

# Dropped first: one transaction may hold several draws (a test, a script), and temporary tables last until its end.
_TEMPORARY = """
    DROP TABLE IF EXISTS pg_temp.drawn_ticket, pg_temp.drawn_place, pg_temp.drawn_served;
    CREATE TEMPORARY TABLE drawn_ticket (ticket_id text PRIMARY KEY, booking_reference text NOT NULL) ON COMMIT DROP;
    CREATE TEMPORARY TABLE drawn_place (ticket_id text, place int, slot_id bigint, PRIMARY KEY (ticket_id, place))
        ON COMMIT DROP;
    CREATE TEMPORARY TABLE drawn_served (request_id bigint PRIMARY KEY, ticket_id text, size int,
        reference text, booking_reference text) ON COMMIT DROP;
"""
_TICKETS = "INSERT INTO drawn_ticket SELECT * FROM unnest(%s::text[], %s::text[])"
_PLACES = "INSERT INTO drawn_place SELECT * FROM unnest(%s::text[], %s::int[], %s::bigint[])"
_LOCK_SLOTS = """
    SELECT count(*) FROM (
        SELECT s.id FROM appointments_slot s JOIN appointments_release r ON r.id = s.release_id
         WHERE r.draw_id = %s AND s.state = 'in_draw' ORDER BY s.id FOR NO KEY UPDATE OF s) AS locked
"""
# Compare and set: who withdrew since the list was published, or whose slot was taken away, gets nothing here.
_SERVE = """
    WITH moved AS (
        UPDATE appointments_request q SET state = 'served'
          FROM drawn_ticket t
         WHERE q.ticket_id = t.ticket_id AND q.state = 'standing'
           AND NOT EXISTS (
               SELECT 1 FROM drawn_place p
                 LEFT JOIN appointments_slot s ON s.id = p.slot_id AND s.state = 'in_draw' AND s.starts_at > %s
                 LEFT JOIN appointments_release r ON r.id = s.release_id AND r.draw_id = %s
                WHERE p.ticket_id = t.ticket_id AND r.id IS NULL)
        RETURNING q.id, q.ticket_id, q.size, q.reference, t.booking_reference)
    INSERT INTO drawn_served SELECT * FROM moved
"""
_BOOK = """
    INSERT INTO appointments_booking (request_id, reference, state, origin, draw_id, local_day, local_time,
                                      amount_cents, currency, created_at, hold_until, finished_by)
    SELECT v.request_id, v.booking_reference, CASE WHEN %(fee)s = 0 THEN 'confirmed' ELSE 'held' END, 'draw', %(draw)s,
           s.local_day, s.local_time, %(fee)s * v.size, %(currency)s, %(now)s,
           LEAST(%(deadline)s, s.starts_at - interval '30 minutes'), ''
      FROM drawn_served v
      JOIN drawn_place p ON p.ticket_id = v.ticket_id AND p.place = 1
      JOIN appointments_slot s ON s.id = p.slot_id
"""
_SEAT = """
    INSERT INTO appointments_place (booking_id, slot_id, person_id, living, outcome, outcome_by)
    SELECT b.id, p.slot_id, who.id, TRUE, 'expected', ''
      FROM drawn_served v
      JOIN appointments_booking b ON b.request_id = v.request_id
      JOIN drawn_place p ON p.ticket_id = v.ticket_id
      JOIN LATERAL (SELECT id, row_number() OVER (ORDER BY position) AS place
                      FROM appointments_person WHERE request_id = v.request_id) AS who ON who.place = p.place
     ORDER BY p.slot_id
"""
_LOSE = """
    UPDATE appointments_request SET draws_lost = draws_lost + 1
     WHERE ticket_id = ANY(%s) AND state = 'standing' RETURNING reference
"""
_SERVED = "SELECT reference FROM drawn_served ORDER BY request_id"


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an outcome in the tables: references of requests, and slots that were given."""

    served: list[str]
    lost: list[str]
    slots_given: int


def apply_outcome(
    draw: Draw, winners: Sequence[tuple[str, tuple[int, ...]]], losers: Sequence[str], now: datetime
) -> Applied:
    """Write bookings and places for the winners, and one more lost draw for the losers that still stand.

    Within the caller's transaction. Requests that were withdrawn since the list was published stay ended; a winner
    whose slots are gone (the counter was closed, the beacon was too late) stays in the next draws, with more weight.

    Args:
        draw: committed, locked by the caller.
        winners: ticket ids with their slots in natural order.
        losers: ticket ids.
        now: UTC.
    """
    service = draw.service
    with connection.cursor() as cursor:
        cursor.execute(_TEMPORARY)
        for start in range(0, len(winners), AT_ONCE):
            _load(cursor, winners[start : start + AT_ONCE])
        cursor.execute("ANALYZE drawn_ticket, drawn_place")  # without it the planner takes them for tiny
        cursor.execute(_LOCK_SLOTS, [draw.pk])
        cursor.execute(_SERVE, [now + NOTICE, draw.pk])
        values: dict[str, str | int | datetime] = {
            "fee": service.prepaid_cents,
            "currency": service.currency,
            "draw": draw.pk,
            "now": now,
            "deadline": now + timedelta(hours=service.payment_deadline_hours),
        }
        cursor.execute("ANALYZE drawn_served")
        cursor.execute(_BOOK, values)
        cursor.execute(_SEAT)
        given = int(cursor.rowcount)
        cursor.execute(_SERVED)
        served = [row[0] for row in cursor.fetchall()]
        lost: list[str] = []
        left = [ticket for ticket, _ in winners] + list(losers) if len(served) < len(winners) else losers
        for start in range(0, len(left), AT_ONCE):
            cursor.execute(_LOSE, [list(left[start : start + AT_ONCE])])
            lost += [row[0] for row in cursor.fetchall()]
    return Applied(served, lost, given)


def _load(cursor: CursorWrapper, winners: Sequence[tuple[str, tuple[int, ...]]]) -> None:
    places = [(ticket, place, slot) for ticket, slots in winners for place, slot in enumerate(slots, start=1)]
    names = [ticket for ticket, _ in winners]
    cursor.execute(_TICKETS, [names, [new_reference() for _ in names]])
    cursor.execute(_PLACES, [list(column) for column in zip(*places, strict=True)])
