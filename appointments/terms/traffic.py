"""What terms would have meant for the last weeks of a service: the bookings, pauses and families that really were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appointments.domain.terms import HOUR, GivenBack, Offer, as_it_was, chosen, replayed
from appointments.models import Booking, Request, Service
from appointments.terms.versions import better_for_people, values_of

WEEK, MONTH = timedelta(days=7), timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Line:
    """A number under the terms of that time and under others, for the last week and for the last four."""

    words: str | Promise
    week: tuple[int, int]
    month: tuple[int, int]

    @property
    def differs(self) -> bool:
        """Whether the other terms change it."""
        return any(was != would for was, would in (self.week, self.month))


def preview(service: Service, values: Mapping[str, Any], now: datetime) -> list[Line]:
    """Every number that these values bear on; both columns alike where `values` are those in force."""
    week, month = (_told(service, values, now - span, now) for span in (WEEK, MONTH))
    return [Line(words, week[key], month[key]) for key, words in _WORDS.items()]


_WORDS: Mapping[str, str | Promise] = {
    "holds_lost": _("chosen times lost because they were not paid within the minutes of a hold"),
    "wins_lost": _("drawn places lost because they were not paid within the hours after the draw"),
    "idle": _("hours during which places were kept for people who did not pay"),
    "refunded": _("cancelled appointments whose service fee is paid back"),
    "paused": _("people who asked again during their pause after a cancellation, and would be refused"),
    "too_large": _("requests of families that are larger than allowed"),
    "too_far": _("requests for days further ahead than a request stands"),
    "numbers": _("people asked for their France-Visas number"),
}


def _told(service: Service, values: Mapping[str, Any], since: datetime, now: datetime) -> dict[str, tuple[int, int]]:
    offers, cancelled = list(_offers(service, since, now)), list(_cancelled(service, since))
    was, would = as_it_was(offers, cancelled), replayed(chosen(dict(values)), offers, cancelled)
    before, after = _requests(service, values_of(service), since), _requests(service, values, since)
    return {
        **{name: (getattr(was, name), getattr(would, name)) for name in _MONEY},
        # Whom the pause in force turned away left no request behind: only what a longer one does can be counted.
        "paused": (0, _came_back(service, since, values["cooling_off_days"])),
        **{name: (before[name], after[name]) for name in before},
    }


_MONEY = ("holds_lost", "wins_lost", "idle", "refunded")


def _offers(service: Service, since: datetime, now: datetime) -> Iterator[Offer]:
    """Places that were offered for money in that time, and are decided."""
    rows = Booking.objects.filter(
        request__service=service, created_at__gte=since, created_at__lte=now, amount_cents__gt=0
    )
    rows = rows.exclude(origin=Booking.Origin.WALK_IN).exclude(state=Booking.State.HELD)
    for origin, size, made, until, paid, ended in rows.values_list(
        "origin", "request__size", "created_at", "hold_until", "paid_at", "finished_at"
    ).iterator(chunk_size=5000):
        given_up = ended - made if paid is None and ended is not None else None
        yield Offer(origin == Booking.Origin.DRAW, size, until - made, paid - made if paid else None, given_up)


def _cancelled(service: Service, since: datetime) -> Iterator[GivenBack]:
    """Paid bookings that people gave back themselves in that time."""
    zone = ZoneInfo(service.post.timezone)
    versions = list(service.terms.order_by("version").values_list("created_at", "refund_hours_before"))
    rows = Booking.objects.filter(
        request__service=service,
        request__ended_reason=Request.Ended.CANCELLED,
        finished_at__gte=since,
        paid_at__isnull=False,
        amount_cents__gt=0,
    )
    for day, clock, ended, made in rows.values_list("local_day", "local_time", "finished_at", "created_at"):
        if ended is None:
            continue
        before = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC) - ended
        hours = better_for_people(_hours_at(versions, made), _hours_at(versions, ended))
        yield GivenBack(before, refunded=hours is not None and before >= hours * HOUR)


def _hours_at(versions: Sequence[tuple[datetime, int | None]], moment: datetime) -> int | None:
    """What a version of that time promised; before the first one: the first."""
    return [versions[0], *(row for row in versions if row[0] <= moment)][-1][1]


_CAME_BACK = """
    SELECT count(*) FROM appointments_person p JOIN appointments_request r ON r.id = p.request_id
     WHERE r.service_id = %(service)s AND r.entered_at >= %(since)s AND EXISTS (
           SELECT 1 FROM appointments_person q JOIN appointments_request s ON s.id = q.request_id
            WHERE q.identity_scope = p.identity_scope AND q.identity_index = p.identity_index
              AND s.id <> r.id AND s.service_id = r.service_id AND s.ended_reason = 'cancelled'
              AND s.ended_at <= r.entered_at AND s.ended_at > r.entered_at - make_interval(days => %(days)s))
"""


def _came_back(service: Service, since: datetime, days: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_CAME_BACK, {"service": service.pk, "since": since, "days": days})
        return int(cursor.fetchone()[0])


def _requests(service: Service, values: Mapping[str, Any], since: datetime) -> dict[str, int]:
    """Requests of that time against limits of size and reach."""
    furthest = F("entered_at__date") + timedelta(days=values["request_life_days"])
    rows = Request.objects.filter(service=service, entered_at__gte=since).aggregate(
        too_large=Count("pk", filter=Q(size__gt=values["largest_group"])),
        too_far=Count("pk", filter=Q(last_day__gt=furthest)),
        numbers=Sum("size"),
    )
    return rows | {"numbers": (rows["numbers"] or 0) if values["asks_france_visas"] else 0}
