"""Reading the database's history: who changed what, within the posts of whoever asks."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.access import Scope
from accounts.models import AccessRecord
from appointments.domain.references import read_reference


@dataclass(frozen=True)
class Table:
    """A table with a history: its application, the way from an event to the post, and to the name of its row.

    `post` None: rows of no post, for those who see everything. Events that hold the whole row lead by their own
    columns, so that an erased row keeps its post; the others hold only a state and lead by the row.
    """

    app: str
    post: str | None
    name: str


TABLES: dict[str, Table] = {
    "Booking": Table("appointments", "pgh_obj__request__service__post__key", "pgh_obj__request__reference"),
    "Place": Table(
        "appointments", "pgh_obj__booking__request__service__post__key", "pgh_obj__booking__request__reference"
    ),
    "Request": Table("appointments", "pgh_obj__service__post__key", "pgh_obj__reference"),
    "TrafficReport": Table("appointments", "pgh_obj__post__key", "pgh_obj_id"),
    "Post": Table("appointments", "key", "key"),
    "Service": Table("appointments", "post__key", "slug"),
    "Category": Table("appointments", None, "code"),
    "Counter": Table("appointments", "post__key", "number"),
    "OpeningHours": Table("appointments", "counter__post__key", "counter__number"),
    "Break": Table("appointments", "post__key", "post__key"),
    "Closure": Table("appointments", "post__key", "reason"),
    "Holiday": Table("appointments", "post__key", "name"),
    "User": Table("accounts", None, "username"),
    "PostScope": Table("accounts", None, "user__username"),
}


def tables_for(scope: Scope) -> dict[str, str]:
    """The tables whose history somebody may read, with their names in the reader's language."""
    found = {
        key: str(apps.get_model(table.app, key)._meta.verbose_name_plural)
        for key, table in TABLES.items()
        if scope.everything or table.post is not None
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


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


@dataclass(frozen=True)
class Search:
    """What is looked for: a table between two days (UTC), changed by somebody, about rows of a name."""

    table: str
    first: date
    last: date
    by: str = ""
    row: str = ""


def changes(search: Search, scope: Scope) -> QuerySet[Any]:
    """The events that were looked for, within a scope, oldest first; each with the `row_name` of its row."""
    table = TABLES[search.table]
    rows: QuerySet[Any] = apps.get_model(table.app, f"{search.table}Event").objects.filter(
        pgh_created_at__range=instants(search.first, search.last)
    )
    if not scope.everything:
        rows = rows.none() if table.post is None else rows.filter(**{f"{table.post}__in": scope.post_keys})
        if search.table == "TrafficReport":
            rows = rows.filter(pgh_obj__centre_only=False)
    if search.by:
        user = get_user_model().objects.filter(username__iexact=search.by).values_list("pk", flat=True).first()
        rows = rows.filter(pgh_context__metadata__user__in=[user, str(user)]) if user else rows.none()
    rows = rows.annotate(row_name=Cast(table.name, TextField()))
    if search.row:
        wanted = read_reference(search.row) if table.name.endswith("reference") else search.row
        rows = rows.filter(row_name__iexact=wanted or search.row)
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


def _by(events: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """Each event with the sign-in name of whoever stands behind it; empty: no member of staff."""
    names: dict[Any, str] = {None: ""}
    for event in events:
        user = ((event.pgh_context.metadata if event.pgh_context else None) or {}).get("user")
        if user not in names:
            found = get_user_model().objects.filter(pk=str(user)).values_list("username", flat=True).first()
            names[user] = found or f"#{user}"
        yield event, names[user]


def _own_fields(event: Any) -> list[Any]:
    return [field for field in event._meta.fields if not field.name.startswith("pgh_") and field.name != "id"]


def told(events: Iterable[Any]) -> Iterator[Change]:
    """Events for a table of other programs: columns by their own names, every value after the change."""
    for event, by in _by(events):
        values = ", ".join(f"{field.name}={getattr(event, field.attname)}" for field in _own_fields(event))
        yield Change(event.pgh_created_at, event.pgh_label, event.row_name or f"#{event.pgh_obj_id}", by, values)


def told_in_words(events: list[Any]) -> Iterator[Change]:
    """Events as people read them: what was made, erased or changed, and of a change only what it changed."""
    earlier = _states_before(events)
    for event, by in _by(events):
        before = earlier.get(event.pk)
        parts = []
        for field in _own_fields(event):
            value, old = getattr(event, field.attname), getattr(before, field.attname, None)
            if event.pgh_label == "update" and before is not None:
                if value != old:
                    parts.append(f"{field.verbose_name}: {_shown(before, field)} → {_shown(event, field)}")
            elif value not in {None, ""} if isinstance(value, Hashable) else value:
                parts.append(f"{field.verbose_name}: {_shown(event, field)}")
        kind = {"insert": _("made"), "update": _("changed"), "delete": _("erased")}.get(
            event.pgh_label, event.pgh_label
        )
        row = event.row_name or f"#{event.pgh_obj_id}"
        yield Change(event.pgh_created_at, kind, row, by, " · ".join(parts))


def _states_before(events: list[Any]) -> dict[int, Any]:
    """Of each event, the one of the same row before it, where history still has one."""
    if not events:
        return {}
    wanted = {event.pk for event in events}
    rows = type(events[0]).objects.filter(pgh_obj_id__in={event.pgh_obj_id for event in events})
    newest: dict[Any, Any] = {}
    found: dict[int, Any] = {}
    for event in rows.filter(pk__lte=max(wanted)).order_by("pk").iterator(chunk_size=2000):
        if event.pk in wanted and event.pgh_obj_id in newest:
            found[event.pk] = newest[event.pgh_obj_id]
        newest[event.pgh_obj_id] = event
    return found


def _shown(event: Any, field: Any) -> str:
    value = getattr(event, field.attname)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if field.choices:
        return str(getattr(event, f"get_{field.name}_display")()) or "–"
    return "–" if value is None or value == "" else str(value)
