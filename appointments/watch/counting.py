"""Counting the figures of days and months from the tables."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from appointments.models import Figure, Post
from appointments.models.aggregates import COUNTS, WAIT_DAYS

_DAY = "({instant} AT TIME ZONE p.timezone)::date"
_SERVICE = "JOIN appointments_service s ON s.id = {service} JOIN appointments_post p ON p.id = s.post_id"
_BOOKING = "appointments_booking b JOIN appointments_request r ON r.id = b.request_id"

# Columns → (what to count, from where, the service, the instant or the local day).
_COUNTED: tuple[tuple[tuple[str, ...], str, str, str, str], ...] = (
    (
        ("entered", "people", "desk_entered"),
        "count(*), sum(r.size), count(*) FILTER (WHERE r.origin = 'desk')",
        "appointments_request r",
        "r.service_id",
        _DAY.format(instant="r.entered_at"),
    ),
    (("released",), "sum(x.slots_count)", "appointments_release x", "x.service_id", _DAY.format(instant="x.opened_at")),
    (
        ("draws", "tickets", "winners"),
        "count(*), sum(x.tickets_count), sum(x.winners_count)",
        "appointments_draw x",
        "x.service_id",
        _DAY.format(instant="x.drawn_at"),
    ),
    (("booked",), "count(*)", _BOOKING, "r.service_id", _DAY.format(instant="b.created_at")),
    (("paid",), "count(*)", _BOOKING, "r.service_id", _DAY.format(instant="b.paid_at")),
    (
        ("cancelled", "expired", "returned"),
        (
            "count(*) FILTER (WHERE b.state = 'cancelled'), count(*) FILTER (WHERE b.state = 'expired'), "
            "coalesce(sum(r.size) FILTER (WHERE b.state IN ('cancelled', 'expired')), 0)"
        ),
        _BOOKING,
        "r.service_id",
        _DAY.format(instant="b.finished_at"),
    ),
    (
        ("due", "attended", "no_show", "late", "mismatched"),
        (
            "count(*), count(*) FILTER (WHERE x.outcome IN ('match', 'late')), "
            "count(*) FILTER (WHERE x.outcome = 'no_show' OR (x.outcome = 'expected' AND b.state = 'no_show')), "
            "count(*) FILTER (WHERE x.outcome = 'late'), count(*) FILTER (WHERE x.outcome = 'mismatch')"
        ),
        (
            "appointments_place x JOIN appointments_booking b ON b.id = x.booking_id AND x.living "
            "AND b.state IN ('confirmed', 'attended', 'no_show') JOIN appointments_slot t ON t.id = x.slot_id"
        ),
        "t.service_id",
        "t.local_day",
    ),
    (
        ("corrected",),
        "count(*)",
        (
            "appointments_correction x JOIN appointments_person q ON q.id = x.person_id "
            "JOIN appointments_request r ON r.id = q.request_id"
        ),
        "r.service_id",
        _DAY.format(instant="x.created_at"),
    ),
    (
        ("calls", "call_minutes"),
        "count(*), coalesce(sum(greatest(0, extract(epoch FROM x.called_at - t.starts_at) / 60))::int, 0)",
        (
            "appointments_countercall x JOIN appointments_place q ON q.id = x.place_id "
            "JOIN appointments_slot t ON t.id = q.slot_id"
        ),
        "t.service_id",
        _DAY.format(instant="x.called_at"),
    ),
)
_WAITS = f"""
    SELECT s.id, ({_DAY.format(instant="b.created_at")}) AS day,
           width_bucket(floor(extract(epoch FROM b.created_at - r.entered_at) / 86400)::int, %(classes)s::int[]) - 1,
           count(*)
      FROM {_BOOKING} {_SERVICE.format(service="r.service_id")}
     WHERE b.origin <> 'walk_in' AND {_DAY.format(instant="b.created_at")} BETWEEN %(first)s AND %(last)s
     GROUP BY 1, 2, 3"""  # noqa: S608 - made of constants of this module
_Row = dict[str, int]


def count_days(first: date, last: date) -> int:
    """Count every local day from `first` to `last` anew, then the months that they touch; returns rows written."""
    with transaction.atomic():
        rows = _day_rows(first, last)
        Figure.objects.filter(span=Figure.Span.DAY, first_day__range=(first, last)).delete()
        Figure.objects.bulk_create(rows, batch_size=2000)
        months = sorted({day.replace(day=1) for day in _days(first, last)})
        return len(rows) + sum(_count_month(month) for month in months)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))


def _day_rows(first: date, last: date) -> list[Figure]:
    counts: dict[tuple[int, date], _Row] = defaultdict(dict)
    waits: dict[tuple[int, date], list[int]] = defaultdict(lambda: [0] * len(WAIT_DAYS))
    values: dict[str, Any] = {"first": first, "last": last, "classes": list(WAIT_DAYS)}
    with connection.cursor() as cursor:
        for columns, what, source, service, day in _COUNTED:
            cursor.execute(
                f"SELECT s.id, {day} AS day, {what} FROM {source} {_SERVICE.format(service=service)} "  # noqa: S608
                f"WHERE {day} BETWEEN %(first)s AND %(last)s GROUP BY 1, 2",
                values,
            )
            for service_id, on, *found in cursor.fetchall():
                counts[service_id, on].update(zip(columns, map(int, found), strict=True))
        cursor.execute(_WAITS, values)
        for service_pk, on, place, number in cursor.fetchall():
            waits[service_pk, on][max(0, place)] += number
        cursor.execute("SELECT id, post_id FROM appointments_service")
        posts = dict(cursor.fetchall())
        cursor.execute(
            "SELECT post_id, received_on, count(*) FROM appointments_trafficreport "
            "WHERE post_id IS NOT NULL AND received_on BETWEEN %(first)s AND %(last)s GROUP BY 1, 2",
            values,
        )
        reports = {(post, on): number for post, on, number in cursor.fetchall()}
    rows = []
    for (service_pk, on), row in counts.items():
        figure = Figure(span=Figure.Span.DAY, post_id=posts[service_pk], service_id=service_pk, first_day=on, **row)
        figure.waits = waits[service_pk, on]
        rows.append(figure)
    return rows + _totals(Figure.Span.DAY, rows, reports)


def _totals(span: str, rows: Iterable[Figure], reports: dict[tuple[int, date], int]) -> list[Figure]:
    """One row a post and day, over all services."""
    found: dict[tuple[int, date], list[Figure]] = defaultdict(list)
    for row in rows:
        found[row.post_id, row.first_day].append(row)
    made = []
    for key in found.keys() | reports.keys():
        total = add(found[key])
        total.span, (total.post_id, total.first_day), total.service_id = span, key, None
        total.reports = reports.get(key, 0)
        made.append(total)
    return made


def add(rows: Iterable[Figure]) -> Figure:
    """A figure (not saved) with the sums of `rows`."""
    total = Figure(waits=[0] * len(WAIT_DAYS))
    for row in rows:
        for name in COUNTS:
            setattr(total, name, getattr(total, name) + getattr(row, name))
        total.waits = (
            [one + other for one, other in zip(total.waits, row.waits or total.waits, strict=True)]
            if row.waits
            else total.waits
        )
    return total


def _count_month(month: date) -> int:
    after = (month + timedelta(days=32)).replace(day=1)
    days = Figure.objects.filter(span=Figure.Span.DAY, first_day__gte=month, first_day__lt=after)
    made = []
    ordered = days.order_by("post_id", "service_id")
    for (post_id, service_id), rows in groupby(ordered, key=lambda row: (row.post_id, row.service_id)):
        total = add(rows)
        total.span, total.post_id, total.service_id, total.first_day = Figure.Span.MONTH, post_id, service_id, month
        made.append(total)
    Figure.objects.filter(span=Figure.Span.MONTH, first_day=month).delete()
    Figure.objects.bulk_create(made, batch_size=2000)
    return len(made)


def within(waits: list[int], share: float) -> int | None:
    """The number of days within which `share` (0 to 1) of the bookings were given; None where there were none.

    The classes are single days up to ten, wider after that: then it is the lower end of the class.
    """
    total = sum(waits)
    if not total:
        return None
    seen = 0
    for days, number in zip(WAIT_DAYS, waits, strict=True):
        seen += number
        if seen >= share * total:
            return days
    return WAIT_DAYS[-1]


def posts_by_key(keys: Iterable[str] | None) -> list[Post]:
    """Posts in their usual order; all of them for None."""
    posts = Post.objects.select_related("provider").order_by("country", "name_fr")
    return list(posts if keys is None else posts.filter(key__in=list(keys)))
