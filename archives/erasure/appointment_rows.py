"""Appointments that are long over: the people, their request, their booking and the slot they had go together.

What was paid stays as an account without a name; how many came stays as a figure.
"""

# ruff: noqa: S608 - the statements are put together from the constants of this module alone

from datetime import datetime, timedelta
from typing import Final

import pgtrigger
from django.db import connection, transaction

from appointments.models import CoolingOff, TrafficReport

KEPT: Final = timedelta(days=180)
# Histories are append-only for everybody but the erasure, and for it only while it runs.
_HISTORIES: Final = tuple(f"appointments.{name}Event:append_only" for name in ("Booking", "Place", "Request"))
_REPORTS: Final = ("appointments.TrafficReportEvent:append_only",)
_OVER = """
SELECT r.id FROM appointments_request r LEFT JOIN appointments_booking b ON b.request_id = r.id
WHERE r.state = 'ended' AND r.ended_at <= %s AND (b.id IS NULL OR b.local_day <= %s)
ORDER BY r.id LIMIT %s FOR UPDATE OF r SKIP LOCKED
"""
_PLACES = """
    SELECT p.id FROM appointments_place p JOIN appointments_booking b ON b.id = p.booking_id
    WHERE b.request_id = ANY(%s)"""
_BOOKINGS = "SELECT id FROM appointments_booking WHERE request_id = ANY(%s)"
_STEPS: Final = (
    f"DELETE FROM appointments_countercall WHERE place_id IN ({_PLACES})",
    f"DELETE FROM appointments_placeevent WHERE pgh_obj_id IN ({_PLACES})",
    # A slot that was used stays `taken` for its place alone: without the place it would be a slot that nobody has.
    f"""WITH gone AS (DELETE FROM appointments_place WHERE id IN ({_PLACES}) RETURNING slot_id, living)
        DELETE FROM appointments_slot WHERE id IN (SELECT slot_id FROM gone WHERE living)""",
    f"DELETE FROM appointments_bookingevent WHERE pgh_obj_id IN ({_BOOKINGS})",
    "DELETE FROM appointments_booking WHERE request_id = ANY(%s)",
    """DELETE FROM appointments_correction WHERE person_id IN
       (SELECT id FROM appointments_person WHERE request_id = ANY(%s))""",
    "DELETE FROM appointments_person WHERE request_id = ANY(%s)",
    "UPDATE appointments_draft SET request_id = NULL WHERE request_id = ANY(%s)",
    "DELETE FROM appointments_suspicion WHERE request_id = ANY(%s)",
    "DELETE FROM appointments_requestevent WHERE pgh_obj_id = ANY(%s)",
    "DELETE FROM appointments_request WHERE id = ANY(%s)",
)


def sweep_requests(now: datetime, limit: int) -> int:
    """Requests that ended six months ago, whose appointment is as long past."""
    before = now - KEPT
    with transaction.atomic(), pgtrigger.ignore(*_HISTORIES), connection.cursor() as cursor:
        cursor.execute(_OVER, [before, before.date(), limit])
        ids = [row[0] for row in cursor.fetchall()]
        for step in _STEPS if ids else ():
            cursor.execute(step, [ids])
    return len(ids)


def sweep_reports(now: datetime, limit: int) -> int:
    """Reports of trade, six months after the decision."""
    keys = list(
        TrafficReport.objects.filter(decided_at__lte=now - KEPT).order_by("pk").values_list("pk", flat=True)[:limit]
    )
    with transaction.atomic(), pgtrigger.ignore(*_REPORTS), connection.cursor() as cursor:
        cursor.execute("DELETE FROM appointments_trafficreportevent WHERE pgh_obj_id = ANY(%s)", [keys])
        TrafficReport.objects.filter(pk__in=keys).delete()
    return len(keys)


def sweep_pauses(now: datetime, limit: int) -> int:
    """Pauses that are over."""
    keys = list(CoolingOff.objects.filter(until__lte=now).order_by("pk").values_list("pk", flat=True)[:limit])
    CoolingOff.objects.filter(pk__in=keys).delete()
    return len(keys)
