"""The dashboard of a post, of a provider, of everything: figures, charts, comparison, download."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import EXPORT, VIEW, may, scope_of
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from antibot.queries.figures import guard_figures
from appointments.models import Figure, Post
from appointments.models.aggregates import COUNTS
from appointments.staff.showing import posts_for, show
from appointments.watch import reading
from appointments.watch.charts import bars
from appointments.watch.csv_rows import csv_answer

_CARDS = (
    "entered",
    "released",
    "winners",
    "booked",
    "paid",
    "attended",
    "no_show",
    "mismatched",
    "returned",
    "reports",
)
_COMPARED = (
    "entered",
    "released",
    "booked",
    "paid",
    "cancelled",
    "expired",
    "attended",
    "no_show",
    "mismatched",
    "reports",
)


def words_of(name: str) -> str:
    """What a column counts, in the reader's language."""
    return str(getattr(Figure._meta.get_field(name), "verbose_name", name))


def _chosen(request: HttpRequest, posts: list[Post]) -> list[Post]:
    """The posts that were asked for, out of those the person may see."""
    key, provider = request.GET.get("post", ""), request.GET.get("provider", "")
    chosen = [post for post in posts if key in {"", post.key}]
    return [post for post in chosen if provider in {"", str(post.provider_id)}]


def _days(request: HttpRequest) -> int:
    text = request.GET.get("days", "")
    return int(text) if text.isascii() and text.isdigit() and int(text[:5]) in reading.PERIODS else 30


@staff_site.page("figures/", name="figures", verb=VIEW, menu=gettext_lazy("Figures"), place=40)
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """What happened in a period, beside the period before it."""
    posts = posts_for(request)
    chosen = _chosen(request, posts)
    ids = [post.pk for post in chosen]
    days = _days(request)
    period = reading.period_of(days, timezone.now().date())
    times = reading.by_time(period, ids)
    now = {name: sum(row[name] for row in times) for name in COUNTS}
    before = reading.totals(period.before, ids)
    waits = reading.waits_by_post(period, ids)
    context = {
        "title": _("Figures"),
        "posts": posts,
        "providers": sorted({(post.provider_id, str(post.provider)) for post in posts if post.provider_id}),
        "chosen": request.GET.get("post", ""),
        "provider": request.GET.get("provider", ""),
        "days": days,
        "periods": _periods(),
        "period": period,
        "cards": [(words_of(name), now[name], before[name]) for name in _CARDS],
        "wait": reading.medians([sum(column) for column in zip(*waits.values(), strict=True)] if waits else None),
        "call_wait": now["call_minutes"] // now["calls"] if now["calls"] else None,
        "charts": _charts(times, period),
        "table": _comparison(chosen, period, ids, waits) if len(chosen) > 1 else None,
        "compared": [words_of(name) for name in _COMPARED],
        **_guard(request, chosen, period),
        "may_export": may(request.user, EXPORT),
    }
    return show(request, "appointments/watch/figures.html", context)


def _periods() -> list[tuple[int, str]]:
    words = [_("7 days"), _("30 days"), _("3 months"), _("1 year"), _("5 years")]
    return list(zip(reading.PERIODS, words, strict=True))


def _charts(times: list[dict[str, Any]], period: reading.Period) -> list[dict[str, Any]]:
    pattern = "%d.%m." if period.span == Figure.Span.DAY else "%m.%y"
    labels = [row["first_day"].strftime(pattern) for row in times]
    made = []
    for title, names in (
        (_("Asked for, opened, given"), ("entered", "released", "booked")),
        (_("At the counter"), ("attended", "no_show", "mismatched")),
        (_("Came back"), ("cancelled", "expired")),
    ):
        series = [(words_of(name), [row[name] for row in times]) for name in names]
        rows = [(label, [values[index] for _name, values in series]) for index, label in enumerate(labels)]
        made.append(
            {"title": title, "picture": bars(title, labels, series), "names": [n for n, _v in series], "rows": rows}
        )
    return made


def _comparison(
    posts: list[Post], period: reading.Period, ids: list[int], waits: dict[int, list[int]]
) -> list[tuple[Post, list[int], int | None, int | None]]:
    found = reading.by_post(period, ids)
    return [
        (post, [found[post.pk][name] for name in _COMPARED], *reading.medians(waits.get(post.pk)))
        for post in posts
        if post.pk in found
    ]


def _guard(request: HttpRequest, chosen: list[Post], period: reading.Period) -> dict[str, Any]:
    """What the counter-measures asked and did in this time, suspected groups, and what became of them: one query."""
    keys = [post.key for post in chosen]
    # What happens before a post is known (looking up one's bookings, say): for those who see everything.
    if scope_of(request.user).everything and not request.GET.get("post") and not request.GET.get("provider"):
        keys.append("")
    found = guard_figures(keys, period.span, period.start, period.last)
    pattern = "%d.%m." if period.span == Figure.Span.DAY else "%m.%y"
    labels = [day.strftime(pattern) for day in found.days]
    title = _("Challenges: asked, passed, failed")
    series = [(words, list(values)) for words, values in found.challenges]
    rows = [(label, [values[index] for _words, values in series]) for index, label in enumerate(labels)]
    picture = bars(title, labels, series)
    return {
        "guard": found.events,
        "kinds": found.kinds,
        "guard_chart": {"title": title, "picture": picture, "names": [n for n, _v in series], "rows": rows},
    }


@staff_site.page("figures/export/", name="figures_export", verb=EXPORT, step_up=True)
@require_GET
def figures_export(request: HttpRequest) -> HttpResponseBase:
    """The rows behind the dashboard: one a post and day or month."""
    chosen = _chosen(request, posts_for(request))
    period = reading.period_of(_days(request), timezone.now().date())
    rows = Figure.objects.filter(
        span=period.span, first_day__range=(period.start, period.last), post__in=chosen
    ).order_by("first_day", "post__key", "service_id")
    record(request.user, AccessRecord.Action.EXPORT, "figures", now=timezone.now(), rows=rows.count())
    header = ["span", "first_day", "post", "service", *COUNTS]
    values = rows.values_list("span", "first_day", "post__key", "service__slug", *COUNTS)
    return csv_answer(f"figures-{period.first}-{period.last}", header, day_by_day(values))


def day_by_day(rows: QuerySet[Figure, Any]) -> Iterator[Any]:
    """The rows, those of one first day in memory at a time: a driver without cursors would fetch all of them."""
    for day in rows.order_by("first_day").values_list("first_day", flat=True).distinct():
        yield from rows.filter(first_day=day)
