"""Live figures about how a service gives out its appointments: counts only, never what is still to be opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from appointments.models import Draw, Release, Request, Service

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


def service_figures(service: Service, now: datetime) -> ServiceFigures:
    """Three queries, whatever the number of slots."""
    standing = Request.objects.filter(service=service, state=Request.State.STANDING).aggregate(
        rows=Count("pk"), people=Sum("size", default=0)
    )
    opened = Release.objects.filter(service=service, opened_at__gt=now - WEEK).aggregate(
        slots=Sum("slots_count", default=0)
    )
    drawn = Draw.objects.filter(service=service, state=Draw.State.DRAWN, drawn_at__gt=now - WEEK).aggregate(
        rows=Count("pk"), winners=Sum("winners_count", default=0), tickets=Sum("tickets_count", default=0)
    )
    return ServiceFigures(
        waiting=standing["rows"],
        waiting_people=standing["people"],
        opened=opened["slots"],
        draws=drawn["rows"],
        served=drawn["winners"],
        taken_part=drawn["tickets"],
    )


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
