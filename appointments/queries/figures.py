"""Live figures about how a service gives out its appointments: counts only, never what is still to be opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from appointments.models import Draw, Request, Service

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class ServiceFigures:
    """What happened at a service in the last seven days, and who waits now."""

    waiting: int  # standing requests
    waiting_people: int
    opened: int  # slots opened in seven days
    draws: int  # draws held in seven days
    served: int  # requests that were given an appointment by these draws
    taken_part: int  # tickets in these draws, one for each request and draw


@dataclass(frozen=True)
class StandingFigures:
    """Where a standing request stands."""

    waiting: int
    closes_at: datetime | None  # the end of the draw that collects now; None where none is open
    draws: int  # draws of the service since the request was entered


_FIGURES = """
    SELECT waiting.rows, waiting.people, opened.slots, held.rows, held.winners, held.tickets
      FROM (SELECT count(*) AS rows, coalesce(sum(size), 0) AS people
              FROM appointments_request WHERE service_id = %(service)s AND state = 'standing') AS waiting,
           (SELECT coalesce(sum(slots_count), 0) AS slots
              FROM appointments_release WHERE service_id = %(service)s AND opened_at > %(since)s) AS opened,
           (SELECT count(*) AS rows, coalesce(sum(winners_count), 0) AS winners,
                   coalesce(sum(tickets_count), 0) AS tickets
              FROM appointments_draw
             WHERE service_id = %(service)s AND state = 'drawn' AND drawn_at > %(since)s) AS held
"""


def service_figures(service: Service, now: datetime) -> ServiceFigures:
    """One query, whatever the number of slots."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"service": service.pk, "since": now - WEEK})
        return ServiceFigures(*map(int, cursor.fetchone()))


def standing_figures(request: Request, now: datetime) -> StandingFigures:
    """Where a standing request stands now."""
    collecting = Draw.objects.filter(
        service=request.service, state=Draw.State.COLLECTING, standby=False, closes_at__gt=now
    )
    return StandingFigures(
        waiting=Request.objects.filter(service=request.service, state=Request.State.STANDING).count(),
        closes_at=collecting.order_by("closes_at").values_list("closes_at", flat=True).first(),
        draws=Draw.objects.filter(
            service=request.service, state=Draw.State.DRAWN, drawn_at__gt=request.entered_at
        ).count(),
    )
