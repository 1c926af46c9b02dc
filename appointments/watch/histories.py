"""Reading the database's history: who changed what, within the posts of whoever asks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from accounts.access import Scope
from accounts.models import AccessRecord

# Table → the way from its rows to the post; None: rows of no post, for those who see everything.
PATHS: dict[str, str | None] = {
    "Booking": "request__service__post__key",
    "Place": "booking__request__service__post__key",
    "Request": "service__post__key",
    "TrafficReport": "post__key",
    "Post": "key",
    "Service": "post__key",
    "Category": None,
    "Counter": "post__key",
    "OpeningHours": "counter__post__key",
    "Break": "post__key",
    "Closure": "post__key",
    "Holiday": "post__key",
}


@dataclass(frozen=True)
class Change:
    """One row of a history."""

    at: datetime
    kind: str
    obj: str
    by: str
    values: str


def instants(first: date, last: date) -> tuple[datetime, datetime]:
    """The first and the last instant of these days (UTC), to the microsecond that the database keeps.

    Compared with the column itself, whose spread PostgreSQL knows. Of a day made from it, it guesses one row in two
    hundred, and then sorts everything that is left for each page of an export.
    """
    return datetime.combine(first, time.min, tzinfo=UTC), datetime.combine(last, time.max, tzinfo=UTC)


def accesses(scope: Scope, first: date, last: date) -> QuerySet[AccessRecord]:
    """The access records between two days (UTC), within a scope."""
    rows = AccessRecord.objects.filter(at__range=instants(first, last))
    return rows if scope.everything else rows.filter(post_key__in=scope.post_keys)


def changes(table: str, scope: Scope, first: date, last: date) -> QuerySet[Any]:
    """The events of a table between two days (UTC), within a scope, oldest first."""
    path = PATHS[table]
    rows: QuerySet[Any] = apps.get_model("appointments", f"{table}Event").objects.filter(
        pgh_created_at__range=instants(first, last)
    )
    if not scope.everything:
        rows = rows.none() if path is None else rows.filter(**{f"pgh_obj__{path}__in": scope.post_keys})
        if table == "TrafficReport":
            rows = rows.filter(pgh_obj__centre_only=False)
    return rows.select_related("pgh_context").order_by("pgh_id")


def in_chunks(rows: QuerySet[Any], size: int = 2000) -> Iterator[Any]:
    """All rows in the order of their key, `size` at a time: no cursor stays open, and memory does not grow."""
    key = rows.model._meta.pk.name
    last: Any = None
    rows = rows.order_by(key)
    while True:
        chunk = list((rows if last is None else rows.filter(**{f"{key}__gt": last}))[:size])
        yield from chunk
        if len(chunk) < size:
            return
        last = chunk[-1].pk


def told(events: Iterable[Any]) -> Iterator[Change]:
    """Events as people read them."""
    names: dict[Any, str] = {None: ""}
    for event in events:
        user = ((event.pgh_context.metadata if event.pgh_context else None) or {}).get("user")
        if user not in names:
            found = get_user_model().objects.filter(pk=str(user)).values_list("username", flat=True).first()
            names[user] = found or f"#{user}"
        own = [field for field in event._meta.fields if not field.name.startswith("pgh_")]
        values = ", ".join(f"{field.name}={getattr(event, field.attname)}" for field in own if field.name != "id")
        yield Change(event.pgh_created_at, event.pgh_label, f"{event.pgh_obj_id}", names[user], values)
