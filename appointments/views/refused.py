"""Pages that say no: what happened, what was kept, what to do."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from antibot import doors
from appointments.refusals import Reason, RefusedError

log = structlog.get_logger("appointments.pages")

_NOT_THERE = {Reason.NOT_FOUND, Reason.NOT_YOURS}


def held_back(request: HttpRequest, refusal: doors.Refusal, back: str) -> HttpResponse:
    """429 for a refusal of antibot, with the wait and a way out that needs no second device.

    `back` is the address at which the person goes on after the wait.
    """
    status = 503 if refusal.reason in {doors.Reason.AWAY, doors.Reason.HOLDS_WAIT} else 429
    log.info("held_back", reason=str(refusal.reason))
    minutes = -(-refusal.retry_after_seconds // 60) if refusal.retry_after_seconds else None
    context = {"refusal": refusal, "minutes": minutes, "back": back, "mistake": refusal.of_network}
    response = render(request, "appointments/held_back.html", context, status=status)
    if refusal.retry_after_seconds:
        response["Retry-After"] = str(refusal.retry_after_seconds)
    return response


def refused(request: HttpRequest, error: RefusedError, *, back: str = "/", words: str = "") -> HttpResponse:
    """A page for a refused action: 404 where nothing may be told, else 409. `words` name the way on."""
    log.info("refused", reason=error.reason.value)
    context = {"sentence": error.sentence, "back": back, "words": words or _("Go back")}
    return render(request, "appointments/refused.html", context, status=404 if error.reason in _NOT_THERE else 409)
