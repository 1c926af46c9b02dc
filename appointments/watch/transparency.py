"""The public page: what each post was asked for and gave, from aggregates alone."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from appointments.models import Figure, Post
from appointments.watch import reading
from vault.index import blind_index

SMALLEST = 5
# Among fewer, “nine in ten within so many days” would tell of one or two people.
SMALLEST_GROUP = 20
SHOWN = (
    ("entered", _("requests")),
    ("released", _("places opened")),
    ("booked", _("places given")),
    ("returned", _("places that came back")),
    ("no_show", _("people who did not come")),
)


def rounded(number: int, post_key: str, month: date, name: str) -> int:
    """The number of a month as it is told: a multiple of five, up or down by a chance that is fixed for this cell.

    Everything public is a sum of such cells. Whoever subtracts periods from each other gets cells back and nothing
    finer: a cell of 0 stands for 0 to 4, one of 5 for 1 to 9, and so on. Up and down even out (the mean is unchanged),
    so sums of small months stay true, which leaving small numbers out would not give. The chance comes from our key.
    """
    chance = blind_index("appointments.transparency", f"{post_key}|{month:%Y-%m}|{name}")
    return SMALLEST * ((number + int.from_bytes(chance[:8], "big") % SMALLEST) // SMALLEST)


def shown(number: int) -> str:
    """A sum of rounded cells in words; nothing at all is told as “below five”, which it may be."""
    return f"< {SMALLEST}" if number < SMALLEST else f"{number:,}".replace(",", "\u202f")


def last_whole_months(today: date, months: int) -> reading.Period:
    """The last `months` calendar months that are over."""
    last = today.replace(day=1) - timedelta(days=1)
    first = last.replace(day=1)
    for _month in range(months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return reading.Period(first, last)


@cache_control(public=True, max_age=3600)
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """Twelve whole months, per post."""
    months = 12 if request.GET.get("months") != "3" else 3
    period = last_whole_months(timezone.now().date(), months)
    posts = list(Post.objects.order_by("country", "name_fr"))
    context = {"period": period, "months": months, "smallest": SMALLEST, "columns": [words for _name, words in SHOWN]}
    context["rows"] = _by_post(period, posts)
    return render(request, "appointments/watch/transparency.html", context)


def _by_post(period: reading.Period, posts: list[Post]) -> list[dict[str, Any]]:
    ids = [post.pk for post in posts]
    rows = Figure.objects.filter(
        span=Figure.Span.MONTH, service__isnull=True, first_day__range=(period.first, period.last), post_id__in=ids
    )
    found: dict[int, dict[str, int]] = {}
    keys = {post.pk: post.key for post in posts}
    for values in rows.values("post_id", "first_day", *(name for name, _words in SHOWN)):
        sums = found.setdefault(values["post_id"], {name: 0 for name, _words in SHOWN})
        for name in sums:
            sums[name] += rounded(values[name], keys[values["post_id"]], values["first_day"], name)
    # Whole months always, also for a quarter, so that both views come from the same rows.
    waits = reading.waits_by_post(_Months(period.first, period.last), ids)
    made = []
    for post in posts:
        if post.pk in found:
            given = found[post.pk]["booked"]
            half, most = reading.medians(waits.get(post.pk)) if given >= SMALLEST_GROUP else (None, None)
            made.append(
                {
                    "post": post,
                    "cells": [shown(found[post.pk][name]) for name, _words in SHOWN],
                    "half": half,
                    "most": most,
                }
            )
    return made


class _Months(reading.Period):
    @property
    def span(self) -> str:
        return Figure.Span.MONTH
