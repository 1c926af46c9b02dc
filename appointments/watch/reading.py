"""Reading figures for a period: sums by time and by post, from rows that were counted before."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum

from appointments.models import Figure
from appointments.models.aggregates import COUNTS, WAIT_DAYS
from appointments.watch.counting import within

PERIODS = (7, 30, 90, 365, 1826)
_DAYS_UP_TO = 92


@dataclass(frozen=True)
class Period:
    """From the first to the last local day, and how finely it is shown."""

    first: date
    last: date

    @property
    def span(self) -> str:
        """Days for up to a quarter, months beyond."""
        return Figure.Span.DAY if (self.last - self.first).days <= _DAYS_UP_TO else Figure.Span.MONTH

    @property
    def start(self) -> date:
        """The first row that counts: months are whole."""
        return self.first if self.span == Figure.Span.DAY else self.first.replace(day=1)

    @property
    def before(self) -> "Period":
        """The period of the same length that ended when this one began."""
        length = self.last - self.first
        return Period(self.first - length - timedelta(days=1), self.first - timedelta(days=1))


def period_of(days: int, today: date) -> Period:
    """The last `days` days up to yesterday, which is the last day that is counted to its end."""
    last = today - timedelta(days=1)
    return Period(last - timedelta(days=days - 1), last)


def _rows(period: Period, post_ids: list[int]) -> QuerySet[Figure]:
    return Figure.objects.filter(
        span=period.span, service__isnull=True, first_day__range=(period.start, period.last), post_id__in=post_ids
    )


def totals(period: Period, post_ids: list[int]) -> dict[str, int]:
    """Sums over everything."""
    found = _rows(period, post_ids).aggregate(**{name: Sum(name) for name in COUNTS})
    return {name: value or 0 for name, value in found.items()}


def by_time(period: Period, post_ids: list[int]) -> list[dict[str, Any]]:
    """Sums for each day or month, in order."""
    rows: Any = _rows(period, post_ids).values("first_day").annotate(**{f"n_{name}": Sum(name) for name in COUNTS})
    return [
        {"first_day": row["first_day"], **{name: row[f"n_{name}"] for name in COUNTS}}
        for row in rows.order_by("first_day")
    ]


def by_post(period: Period, post_ids: list[int]) -> dict[int, dict[str, int]]:
    """Sums for each post."""
    rows: Any = _rows(period, post_ids).values("post_id").annotate(**{f"n_{name}": Sum(name) for name in COUNTS})
    return {row["post_id"]: {name: row[f"n_{name}"] for name in COUNTS} for row in rows}


_CLASSES = ", ".join(f"coalesce(sum(waits[{place}]), 0)::int" for place in range(1, len(WAIT_DAYS) + 1))
_WAITS = (
    f"SELECT post_id, {_CLASSES} FROM appointments_figure "  # noqa: S608 - numbers of this module
    "WHERE span = %s AND service_id IS NULL AND first_day BETWEEN %s AND %s AND post_id = ANY(%s) GROUP BY 1"
)


def waits_by_post(period: Period, post_ids: list[int]) -> dict[int, list[int]]:
    """For each post, bookings by the classes of waiting."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, [period.span, period.start, period.last, post_ids])
        return {post: waits for post, *waits in cursor.fetchall() if any(waits)}


def medians(waits: list[int] | None) -> tuple[int | None, int | None]:
    """Days within which half, and nine in ten, of the bookings were given."""
    return (within(waits, 0.5), within(waits, 0.9)) if waits else (None, None)
