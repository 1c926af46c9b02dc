"""The slots and tickets of a draw, read from the tables at the moment its list is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time

from django.db import connection

from appointments.domain.board import Board
from appointments.domain.commitment import Slot, Ticket
from appointments.models import Draw

_SLOTS = """
    SELECT s.id, s.local_day, s.local_time, c.number, s.quota = 'urgent'
      FROM appointments_slot s
      JOIN appointments_release r ON r.id = s.release_id
      JOIN appointments_counter c ON c.id = s.counter_id
     WHERE r.draw_id = %s AND s.state = 'in_draw' ORDER BY s.id
"""
# Hours are narrowed to whole minutes, the unit of the record. "C": the order of bytes, whatever the database's locale.
_TICKETS = """
    SELECT ticket_id, reference, size, draws_lost + priority_draws, quota = 'urgent', first_day, last_day, weekdays,
           earliest, latest
      FROM appointments_request
     WHERE service_id = %s AND state = 'standing' AND entered_at <= %s AND (short_notice OR NOT %s)
     ORDER BY ticket_id COLLATE "C"
"""


def slots_of(draw: Draw) -> list[Slot]:
    """The slots of a draw, ascending by id."""
    with connection.cursor() as cursor:
        cursor.execute(_SLOTS, [draw.pk])
        return [Slot(pk, day.toordinal(), _floor(clock), number, urgent) for pk, day, clock, number, urgent in cursor]


def _floor(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _ceiling(clock: time) -> int:
    return min(_floor(clock) + (1 if clock.second or clock.microsecond else 0), 24 * 60 - 1)


def tickets_of(draw: Draw, slots: list[Slot]) -> Iterator[tuple[Ticket, str]]:
    """The tickets that accept at least one of the slots, ascending by id, each with its request's reference.

    A request that accepts none of them has nothing to win here and so nothing to lose: were it counted, wishes that
    fit nothing would be a way to gather weight. Streamed by a cursor of the server, within the caller's transaction.
    """
    board = Board(slots, 0)
    accepts: dict[tuple[date, date, int, time, time], bool] = {}
    with connection.chunked_cursor() as cursor:
        cursor.execute(_TICKETS, [draw.service_id, draw.closes_at, draw.standby])
        for ticket_id, reference, size, lost, urgent, first, last, weekdays, earliest, latest in cursor:
            ticket = Ticket(
                ticket_id,
                size,
                lost,
                urgent,
                first.toordinal(),
                last.toordinal(),
                weekdays,
                _ceiling(earliest),
                _floor(latest),
            )
            wishes = (first, last, weekdays, earliest, latest)
            known = accepts.get(wishes)
            if known is None:
                known = accepts[wishes] = board.accepts_any(ticket)
            if known:
                yield ticket, reference
