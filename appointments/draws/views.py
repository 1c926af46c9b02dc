"""The public record of draws, for anybody."""

from __future__ import annotations

import hashlib
import re
from itertools import chain

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from appointments.draws import queries
from appointments.draws.record import NoRecordError, record_of
from appointments.models import Draw
from appointments.queries.availability import not_modified

_TICKET = re.compile(r"[0-9a-f]{32}")
_SERVICE = re.compile(r"[a-z0-9-]{1,20}/[a-z0-9_-]{1,40}")


def _public(pk: int) -> Draw:
    rows = Draw.objects.exclude(state=Draw.State.COLLECTING)
    return get_object_or_404(rows.select_related("service__post", "service__category", "policy"), pk=pk)


@require_safe
@cache_control(public=True, max_age=30)
@vary_on_headers("Cookie", "Accept-Language")
def draws(request: HttpRequest) -> HttpResponse:
    """The draws, newest first."""
    before, service = request.GET.get("before", ""), request.GET.get("service", "")
    if service and not _SERVICE.fullmatch(service):
        raise Http404
    number = int(before) if before.isdecimal() and len(before) < 16 else None
    rows = list(queries.public_draws(number, service)[: queries.ON_A_PAGE + 1])
    shown = rows[: queries.ON_A_PAGE]
    etag, unchanged = not_modified(request, f"draws-{'-'.join(f'{row.pk}{row.state[0]}' for row in shown)}-{len(rows)}")
    if unchanged is not None:
        return unchanged
    older = shown[-1].pk if len(rows) > len(shown) else None
    context = {"draws": shown, "older": older, "service": service}
    answer = render(request, "appointments/draws/list.html", context)
    answer["ETag"] = etag
    return answer


@require_safe
@cache_control(public=True, max_age=30)
@vary_on_headers("Cookie", "Accept-Language")
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """One draw: what happened, how it works, how to check it, and where one's own ticket stands."""
    row = _public(pk)
    typed = request.GET.get("ticket", "").strip().lower()[:64]
    has_record = queries.has_record(row)
    asked = hashlib.sha256(typed.encode()).hexdigest()[:16]  # whatever was typed, it goes into a header
    version = f"draw-{pk}-{row.state}-{row.postponed_reason[:12]}-{has_record}-{asked}"
    etag, unchanged = not_modified(request, version)
    if unchanged is not None:
        return unchanged
    well_formed = bool(_TICKET.fullmatch(typed))
    context = {
        "draw": row,
        "post": row.service.post,
        "demonstration": row.source == Draw.Source.DEMONSTRATION,
        "list_hash": bytes(row.list_hash or b"").hex(),
        "previous_hash": bytes(row.previous_hash or b"").hex(),
        "result_hash": bytes(row.result_hash or b"").hex(),
        "randomness": bytes(row.randomness or b"").hex(),
        # The secret of a demonstration is kept in the same place until the draw reveals it.
        "signature": bytes(row.signature or b"").hex() if row.state == Draw.State.DRAWN else "",
        "round_at": queries.round_at(row),
        "postponed": queries.why_postponed(row),
        "odds": queries.odds_of(row),
        "has_record": has_record,
        "typed": typed,
        "malformed": bool(typed) and not well_formed,
        "found": queries.ticket_in(row, typed) if well_formed else None,
    }
    answer = render(request, "appointments/draws/draw.html", context)
    answer["ETag"] = etag
    return answer


@require_safe
@cache_control(public=True, max_age=30)
def record(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The record as a file, byte for byte as it was hashed."""
    row = _public(pk)
    stream = record_of(row)
    try:
        first = next(stream)
    except NoRecordError as error:
        raise Http404 from error
    answer = StreamingHttpResponse(chain([first], stream), content_type="application/jsonl; charset=us-ascii")
    answer["Content-Disposition"] = f'attachment; filename="draw-{pk}.jsonl"'
    return answer
