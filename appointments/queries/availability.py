"""Open first-come times of a service, for the page on which somebody chooses one.

For the page's author::

    found = availability(service, size=2, now=now)      # one query, whatever the number of slots
    found.days[0].day, found.days[0].times[0].local_time, .slot_id, .free
    found.version                                       # changes exactly when the answer does

`slot_id` stands for its day and time: `actions.holds.hold` takes any free counter at that time.

What is expensive about this page is rendering it, not the query; so nothing is kept that would
have to be invalidated. The version is computed from the answer itself: use it as the key of the
rendered fragment (`{% cache 600 slots found.version LANGUAGE_CODE %}`) and, with `not_modified`,
for the 304 of a browser that comes back.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import get_language

from appointments.domain.calendar.adjacency import fits_from
from appointments.domain.calendar.hours import minutes_of
from appointments.domain.commitment import adjacent_minutes
from appointments.models import Service

__all__ = ["Availability", "OpenDay", "OpenTime", "availability", "not_modified"]


@dataclass(frozen=True, slots=True)
class OpenTime:
    """A local time at which a group of the wanted size can begin."""

    local_time: time
    slot_id: int
    free: int


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A local day with at least one open time."""

    day: date
    times: tuple[OpenTime, ...]

    @property
    def free(self) -> int:
        """How many people could begin on this day."""
        return sum(entry.free for entry in self.times)

    def time_of(self, slot_id: int) -> OpenTime | None:
        """The time that a slot id stands for, if it is on this day."""
        return next((entry for entry in self.times if entry.slot_id == slot_id), None)


@dataclass(frozen=True, slots=True)
class Availability:
    """All open days of a service, in order."""

    days: tuple[OpenDay, ...]
    version: str

    def on(self, day: date) -> OpenDay | None:
        """The open day of this date."""
        return next((entry for entry in self.days if entry.day == day), None)


_OPEN = """
    SELECT local_day, local_time, min(id), count(*) FROM appointments_slot
     WHERE service_id = %s AND state = 'released' AND starts_at > %s
     GROUP BY local_day, local_time ORDER BY local_day, local_time
"""


def availability(service: Service, *, now: datetime, size: int = 1) -> Availability:
    """Open first-come times at which a group can be held side by side.

    Args:
        service: what for; a closed one has no open time.
        now: times that have begun are left out.
        size: people in the group.
    """
    rows: list[tuple[date, time, int, int]] = []
    if service.is_open and service.post.is_open:
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, [service.pk, now])
            rows = cursor.fetchall()
    days = []
    for day, of_day in groupby(rows, key=lambda row: row[0]):
        times = [OpenTime(at, slot_id, free) for _, at, slot_id, free in of_day]
        minutes = [(minutes_of(entry.local_time), entry.free) for entry in times]
        fits = fits_from(minutes, size, adjacent_minutes(service.duration_minutes))
        chosen = tuple(entry for entry, fit in zip(times, fits, strict=True) if fit)
        if chosen:
            days.append(OpenDay(day, chosen))
    text = ";".join(f"{day.day}:{entry.local_time}/{entry.slot_id}/{entry.free}" for day in days for entry in day.times)
    version = hashlib.sha256(f"{service.pk}|{size}|{text}".encode()).hexdigest()[:20]
    return Availability(tuple(days), version)


def not_modified(request: HttpRequest, version: str) -> tuple[str, HttpResponse | None]:
    """The ETag of a page that depends on a version and on the language only, and the 304 if the browser has it.

    Only for pages that carry nothing of a person: no form token, no draft.

    Returns:
        The value for the `ETag` header, and a response if there is nothing to render.
    """
    etag = quote_etag(f"{version}-{get_language() or ''}")
    return etag, get_conditional_response(request, etag=etag)
