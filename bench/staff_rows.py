"""Rows for the staff pages: bookings, their history and access records, written by statements over series."""

from datetime import date, timedelta
from typing import Any

from django.db import connection

from bench.draw_tables import _service as make_service

DAYS = 100

# A day holds the rows whose number ends alike: every day lies all over the table, the hard case for pages by key.
_REQUESTS = """
    INSERT INTO appointments_request (ticket_id, reference, service_id, contact, contact_index, language, state,
        ended_reason, quota, size, draws_lost, priority_draws, first_day, last_day, earliest, latest, weekdays,
        short_notice, origin, entered_at)
    SELECT md5(n::text), 'B' || lpad(n::text, 11, '0'), %(service)s, ''::bytea, decode(md5(n::text), 'hex'), 'fr',
           'served', '', 'ordinary', 1 + n %% 4, 0, 0, %(first)s::date, %(last)s::date, '08:00', '18:00', 31, FALSE,
           'online', %(first)s::date
      FROM generate_series(1, %(rows)s) AS n
"""
_BOOKINGS = """
    INSERT INTO appointments_booking (request_id, reference, state, origin, local_day, local_time, amount_cents,
        currency, created_at, hold_until, paid_at, finished_by)
    SELECT id, 'C' || right(reference, 11), 'confirmed', 'first_come', %(first)s::date + (id %% %(days)s)::int,
           time '08:00' + (id %% 40) * interval '15 minutes', 2900 * size, 'EUR', %(first)s::date, %(first)s::date,
           %(first)s::date, ''
      FROM appointments_request WHERE service_id = %(service)s ORDER BY id
"""
_HISTORY = """
    INSERT INTO appointments_bookingevent (pgh_created_at, pgh_label, pgh_obj_id, state, finished_by)
    SELECT (local_day + local_time) AT TIME ZONE 'UTC', 'update_update', id, 'attended', 'bench'
      FROM appointments_booking ORDER BY id
"""
_ACCESS = """
    INSERT INTO accounts_accessrecord (at, user_name, role, action, post_key, subject, rows)
    SELECT %(first)s::date + (n %% %(days)s)::int + time '09:00', 'bench-' || n %% 20, 'agent', 'read', %(post)s,
           'B' || lpad(n::text, 11, '0'), 1
      FROM generate_series(1, %(rows)s) AS n
"""


def fill(key: str, rows: int, first: date) -> None:
    """`rows` bookings of one post with their requests, a change each, and as many access records, over `DAYS` days."""
    service = make_service(key, 1)
    last = first + timedelta(days=DAYS - 1)
    values: dict[str, Any] = {
        "service": service.pk,
        "post": key,
        "rows": rows,
        "days": DAYS,
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in (_REQUESTS, _BOOKINGS, _HISTORY, _ACCESS):
            cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE")
