"""Pages for what went wrong before or around a view: plain, calm, translated, without a stack trace."""

from __future__ import annotations

import errno
import sys

import redis.exceptions
import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

log = structlog.get_logger("visa_booking.errors")

NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
AWAY = (OperationalError, InterfaceError, redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)


def _page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    try:
        return render(request, "error.html", {"title": title, "sentence": sentence}, status=status)
    except Exception as error:  # noqa: BLE001  (what broke the page may break its frame too: the database, the host name)
        log.warning("error page without its frame", status=status, error=type(error).__name__)
        return HttpResponse(_bare(title, sentence), status=status)


def _bare(title: str, sentence: str) -> str:
    return format_html(
        '<!doctype html><html lang="{}" dir="{}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        "<title>{}</title><h1>{}</h1><p>{}</p></html>",
        get_language() or "fr",
        "rtl" if get_language_bidi() else "ltr",
        title,
        title,
        sentence,
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _page(
        request,
        400,
        _("We could not read what was sent"),
        _("Please go back one page and try again. Nothing was changed."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of the form protection: mostly a page that was left open too long, or cookies that are switched off."""
    return _page(
        request,
        403,
        _("This page was open for too long"),
        _("Please go back, reload the page and send it again. Your browser has to accept cookies from this site."),
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _page(
        request, 403, _("This page is not for you"), _("You may go back to the first page and start again from there.")
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _page(
        request,
        404,
        _("There is no such page"),
        _("The address may be mistyped, or the page may have expired. You may start again from the first page."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where the database or Valkey is away or a disk is full; the reason is in the log."""
    error = sys.exc_info()[1]
    away = isinstance(error, AWAY) or (isinstance(error, OSError) and error.errno in NO_ROOM)
    answer = _page(
        request,
        503 if away else 500,
        _("Something went wrong on our side"),
        _("Nothing is lost that was confirmed. Please try again in a few minutes."),
    )
    if away:
        answer["Retry-After"] = "60"
    return answer
