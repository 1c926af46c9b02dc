"""From the events of a file in the tables to its dates in the tables."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from archives.domain.retention import Event, EventType, Policy, Verdict, judge, profile_named
from archives.domain.retention.history import MOVES_A_DATE
from archives.models import FileEvent, VisaFile

DEFAULT_ZONE = "Europe/Paris"


def policy() -> Policy:
    """The choices of this installation: `ARCHIVES_POLICY` in the settings overrides single defaults."""
    return Policy(**getattr(settings, "ARCHIVES_POLICY", {}))


def erasure_day(now: datetime) -> date:
    """The civil day of `now` where erasure instants are counted."""
    return now.astimezone(ZoneInfo(policy().erasure_zone)).date()


def post_day(now: datetime, post_key: str) -> date:
    """The civil day of `now` at a post: decisions are dated where they are taken."""
    from appointments.models import Post

    zone = Post.objects.filter(key=post_key).values_list("timezone", flat=True).first()
    return now.astimezone(ZoneInfo(zone or DEFAULT_ZONE)).date()


def as_event(row: FileEvent) -> Event:
    """A row as the rules know it."""
    return Event(
        EventType(row.type),
        row.date,
        row.valid_from,
        row.valid_until,
        row.category or None,
        row.field or None,
        row.value or None,
    )


def as_row(event: Event, file_id: uuid.UUID, now: datetime, actor: int | None) -> FileEvent:
    """A rule's event as a row. The value of a correction is kept where it moves a date, never otherwise."""
    keeps = event.field in MOVES_A_DATE
    return FileEvent(
        file_id=file_id,
        type=event.type.value,
        date=event.date,
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        category=event.category or "",
        field=event.field or "",
        value=(event.value or "") if keeps else "",
        recorded_at=now,
        recorded_by=actor,
    )


def columns(verdict: Verdict, created_on: date | None) -> dict[str, Any]:
    """The derived columns of a file."""
    return {
        "status": verdict.status.value if verdict.status else "",
        "state": verdict.state.value,
        "start_date": verdict.start_date,
        "start_basis": verdict.start_basis,
        "ordinary_last_day": verdict.ordinary_last_day,
        "gone_from": verdict.must_be_gone_from,
        "advance_basis": verdict.advance_basis or "",
        "floor_until": verdict.floor_until,
        "created_on": created_on,
    }


def created_on(events: Iterable[Event]) -> date | None:
    """The day on which the file was created, None for a draft."""
    return next((event.date for event in events if event.type is EventType.FILE_CREATED), None)


def events_of(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Event]]:
    """The events of several files, in the order in which they were entered."""
    found: dict[uuid.UUID, list[Event]] = defaultdict(list)
    for row in FileEvent.objects.filter(file_id__in=list(ids)).order_by("id"):
        found[row.file_id].append(as_event(row))
    return found


def verdict_of(file: VisaFile, today: date | None = None) -> Verdict:
    """The dates of a file, from its events. Raises HistoryRefusedError."""
    return judge(events_of([file.pk])[file.pk], profile_named(file.profile), policy(), today)
