"""What goes when: a plot of the coming year, drawn by the server."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import ARCHIVE, scope_of
from accounts.site import staff_site
from archives.dating import erasure_day
from archives.erasure.run import missed_nights, stale_files
from archives.models import ErasureRun
from archives.queries.coming import per_day, within

WEEKS = 52
WIDTH, HEIGHT, BAR = 780, 160, 15


@dataclass(frozen=True)
class Week:
    """One bar."""

    first: date
    files: int
    left: int
    top: int
    height: int

    @property
    def words(self) -> str:
        """What the bar says to somebody who cannot see it."""
        return f"{date_format(self.first)}: {self.files}"


def weeks_from(counts: dict[date, int], first: date) -> list[Week]:
    """Bars of 52 weeks from `first` on, scaled to the highest."""
    sums = [0] * WEEKS
    for day, files in counts.items():
        sums[(day - first).days // 7] += files
    highest = max(sums) or 1
    found = []
    for index, files in enumerate(sums):
        height = round(files / highest * HEIGHT)
        found.append(Week(first + timedelta(weeks=index), files, index * BAR, HEIGHT - height, height))
    return found


@staff_site.page("archives/coming/", name="archives_coming", verb=ARCHIVE, menu=_("Coming erasures"))
@require_safe
def coming_page(request: HttpRequest) -> HttpResponse:
    """The next weeks, day by day for the first four, and what needs somebody's decision."""
    now, scope = timezone.now(), scope_of(request.user)
    today = erasure_day(now)
    counts = per_day(scope, today, WEEKS * 7)
    days = [(today + timedelta(days=n), counts.get(today + timedelta(days=n), 0)) for n in range(28)]
    stale = within(scope) & stale_files(now)
    return render(
        request,
        "archives/admin/coming.html",
        staff_site.each_context(request)
        | {
            "title": _("Coming erasures"),
            "weeks": weeks_from(counts, today),
            "days": days,
            "stale": stale.count(),
            "missed": missed_nights(),
            "last_run": ErasureRun.objects.order_by("-started_at").first(),
            "width": WIDTH,
            "height": HEIGHT,
            "bar": BAR - 3,
        },
    )
