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
from appointments.watch.histories import PATHS, accesses, changes, in_chunks, told

_ON_A_PAGE = 200


def _asked(request: HttpRequest) -> tuple[str, Any, Any]:
    table = request.GET.get("table", "Booking")
    if table not in PATHS:
        raise Http404
    today = timezone.now().date()
    first = day_from(request.GET.get("first"), today - timedelta(days=7))
    return table, first, day_from(request.GET.get("last"), today)


@staff_site.page("history/", name="history", verb=AUDIT, menu=gettext_lazy("History of changes"), place=90)
@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """Who changed what, newest first."""
    table, first, last = _asked(request)
    found = changes(table, scope_of(request.user), first, last)
    rows = list(told(found.order_by("-pgh_id")[:_ON_A_PAGE]))
    record(
        request.user, AccessRecord.Action.LIST, f"history {table} {first}–{last}", now=timezone.now(), rows=len(rows)
    )
    context = {
        "title": _("History of changes"),
        "tables": sorted(PATHS),
        "table": table,
        "first": first,
        "last": last,
        "rows": rows,
        "most": _ON_A_PAGE,
        "may_export": may(request.user, EXPORT),
    }
    return show(request, "appointments/watch/history.html", context)


@staff_site.page("history/export/", name="history_export", verb=EXPORT, step_up=True)
@require_GET
def history_export(request: HttpRequest) -> HttpResponseBase:
    """The same as a table, without limit."""
    table, first, last = _asked(request)
    found = changes(table, scope_of(request.user), first, last)
    subject = f"history {table} {first}–{last}"
    record(request.user, AccessRecord.Action.EXPORT, subject, now=timezone.now(), rows=found.count())
    rows = ((c.at.isoformat(), c.kind, c.obj, c.by, c.values) for c in told(in_chunks(found)))
    return csv_answer(f"history-{table.lower()}-{first}-{last}", ["at", "kind", "row", "by", "values"], rows)


@staff_site.page("access/export/", name="access_export", verb=EXPORT, step_up=True)
@require_GET
def access_export(request: HttpRequest) -> HttpResponseBase:
    """Access records of the person's posts."""
    _table, first, last = _asked(request)
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
    _table, first, last = _asked(request)
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
