"""History and access records: searched on the page, taken out as a table after the second factor."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import AUDIT, EXPORT, may, scope_of
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from appointments.models import Booking
from appointments.staff.showing import day_from, show
from appointments.watch.csv_rows import csv_answer
from appointments.watch.histories import Search, accesses, changes, in_chunks, tables_for, told, told_in_words
from vault.text import canonical

_ON_A_PAGE = 200
_LONGEST = 150  # signs of a search
_SUBJECT = 120  # signs of an access record's subject


def _days(request: HttpRequest) -> tuple[Any, Any]:
    today = timezone.now().date()
    return day_from(request.GET.get("first"), today - timedelta(days=7)), day_from(request.GET.get("last"), today)


def _asked(request: HttpRequest) -> Search:
    table = request.GET.get("table", "Booking")
    if table not in tables_for(scope_of(request.user)):
        raise Http404
    first, last = _days(request)
    by, row = (canonical(request.GET.get(name, "")[:_LONGEST]) for name in ("by", "row"))
    return Search(table, first, last, by, row)


def _subject(search: Search) -> str:
    """What was looked for, for the access records."""
    return " ".join(filter(None, [f"history {search.table} {search.first}–{search.last}", search.by, search.row]))[
        :_SUBJECT
    ]


@staff_site.page("history/", name="history", verb=AUDIT, menu=gettext_lazy("History of changes"), place=90)
@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """Who changed what, newest first."""
    search, scope = _asked(request), scope_of(request.user)
    rows = list(told_in_words(list(changes(search, scope).order_by("-pgh_id")[:_ON_A_PAGE])))
    record(request.user, AccessRecord.Action.LIST, _subject(search), now=timezone.now(), rows=len(rows))
    context = {
        "title": _("History of changes"),
        "tables": tables_for(scope),
        "search": search,
        "query": request.GET.urlencode(),
        "rows": rows,
        "most": _ON_A_PAGE,
        "may_export": may(request.user, EXPORT),
    }
    return show(request, "appointments/watch/history.html", context)


@staff_site.page("history/export/", name="history_export", verb=EXPORT, step_up=True)
@require_GET
def history_export(request: HttpRequest) -> HttpResponseBase:
    """The same as a table, without limit."""
    search = _asked(request)
    found = changes(search, scope_of(request.user))
    record(request.user, AccessRecord.Action.EXPORT, _subject(search), now=timezone.now(), rows=found.count())
    rows = ((c.at.isoformat(), c.kind, c.obj, c.by, c.values) for c in told(in_chunks(found)))
    name = f"history-{search.table.lower()}-{search.first}-{search.last}"
    return csv_answer(name, ["at", "kind", "row", "by", "values"], rows)


@staff_site.page("access/export/", name="access_export", verb=EXPORT, step_up=True)
@require_GET
def access_export(request: HttpRequest) -> HttpResponseBase:
    """Access records of the person's posts."""
    first, last = _days(request)
    found = accesses(scope_of(request.user), first, last)
    subject = f"access records {first}–{last}"
    record(request.user, AccessRecord.Action.EXPORT, subject, now=timezone.now(), rows=found.count())
    names = ("at", "user_name", "role", "action", "post_key", "subject", "rows")
    rows = (row[1:] for row in in_chunks(found.values_list("pk", *names, named=True)))
    return csv_answer(f"access-{first}-{last}", names, rows)


@staff_site.page("bookings/export/", name="bookings_export", verb=EXPORT, step_up=True)
@require_GET
def bookings_export(request: HttpRequest) -> HttpResponseBase:
    """Bookings by the day of the appointment: references and states, no names."""
    first, last = _days(request)
    found = Booking.objects.filter(local_day__range=(first, last))
    scope = scope_of(request.user)
    if not scope.everything:
        found = found.filter(request__service__post__key__in=scope.post_keys)
    subject = f"bookings {first}–{last}"
    record(request.user, AccessRecord.Action.EXPORT, subject, now=timezone.now(), rows=found.count())
    columns = (
        "request__reference", "request__service__post__key", "request__service__category__code", "local_day",
        "local_time", "state", "origin", "request__size", "amount_cents", "currency",
    )  # fmt: skip
    rows = (row[1:] for row in in_chunks(found.values_list("pk", *columns, named=True)))
    header = ["reference", "post", "category", "day", "time", "state", "origin", "people", "amount_cents", "currency"]
    return csv_answer(f"bookings-{first}-{last}", header, rows)
