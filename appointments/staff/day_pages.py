"""The day board: find somebody, check them in, call the next, print the list. Made for a scanner and a keyboard."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import CHECK_IN, CORRECT, VIEW, may
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from appointments.actions.counter import check_in
from appointments.models import Counter, Place, Post
from appointments.refusals import RefusedError
from appointments.staff import calling
from appointments.staff.board_table import board_table
from appointments.staff.day_rows import DayRow, day_rows, find, reference_in, tally
from appointments.staff.showing import day_from, post_of, posts_for, show, today_at


@staff_site.page("day/", name="days", verb=VIEW, menu=gettext_lazy("Day board"), place=10)
@require_GET
def days(request: HttpRequest) -> HttpResponse:
    """Which post's day; people of one post go straight there."""
    posts = posts_for(request)
    if len(posts) == 1:
        return HttpResponseRedirect(reverse("admin:day_board", args=[posts[0].key]))
    return show(
        request, "appointments/staff/choose_post.html", {"title": _("Day board"), "posts": posts, "to": "day_board"}
    )


def _counter_number(request: HttpRequest) -> int | None:
    text = request.POST.get("counter") or request.GET.get("counter") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _board_address(request: HttpRequest, post: Post, **more: Any) -> str:
    kept = {name: request.POST.get(name) for name in ("day", "counter") if request.POST.get(name)}
    query = urlencode(kept | {name: value for name, value in more.items() if value})
    return reverse("admin:day_board", args=[post.key]) + (f"?{query}" if query else "")


@staff_site.page("day/<slug:post_key>/", name="day_board", verb=VIEW)
@require_GET
def day_board(request: HttpRequest, post_key: str) -> HttpResponse:
    """Everybody expected today, and the one person who stands at the counter now."""
    now = timezone.now()
    post = post_of(post_key)
    today = today_at(post, now)
    day = day_from(request.GET.get("day"), today)
    counter = _counter_number(request)
    rows = day_rows(post, day, counter)
    typed = request.GET.get("q", "")[:200].strip()
    found = find(rows, typed) if typed else []
    chosen = _row_asked(request, "at", rows)
    if chosen is not None:
        found = [chosen]
    _keep_trace(request, post, f"day {day}", len(rows), typed, len(found))
    context = {
        "title": post.name,
        "post": post,
        "day": day,
        "today": today,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "counter": counter,
        "counters": list(post.counters.order_by("number").values_list("number", flat=True)),
        "rows": rows,
        "table": board_table(rows, day, counter),
        "tally": tally(rows),
        "typed": typed,
        "found": found,
        "shown_in_full": found[:5],
        "elsewhere": _elsewhere(post, typed, day) if typed and not found else None,
        "last": _row_asked(request, "last", rows),
        "outcomes": dict(Place.Outcome.choices),
        "may_check_in": may(request.user, CHECK_IN, post.key),
        "may_correct": may(request.user, CORRECT, post.key),
    }
    return show(request, "appointments/staff/day_board.html", context)


def _row_asked(request: HttpRequest, name: str, rows: list[DayRow]) -> DayRow | None:
    """The row of this day that an address names."""
    text = request.GET.get(name, "")
    wanted = int(text) if text.isascii() and text.isdigit() else 0
    return next((row for row in rows if row.place == wanted), None)


def _keep_trace(request: HttpRequest, post: Post, subject: str, rows: int, typed: str, found: int) -> None:
    # A name that was searched for is personal data itself; what is kept is that there was a search, and its harvest.
    action = AccessRecord.Action.SEARCH if typed else AccessRecord.Action.LIST
    record(request.user, action, subject, now=timezone.now(), post_key=post.key, rows=found if typed else rows)


def _elsewhere(post: Post, typed: str, day: Any) -> Place | None:
    """The same reference on another day or at another counter of this post: people come on the wrong day."""
    reference = reference_in(typed)
    if reference is None:
        return None
    places = Place.objects.filter(slot__counter__post=post, booking__request__reference=reference)
    return places.select_related("slot__counter").order_by("-living", "pk").first()


@staff_site.page("day/<slug:post_key>/mark/", name="day_mark", verb=CHECK_IN)
@require_POST
def mark(request: HttpRequest, post_key: str) -> HttpResponse:
    """Write down what happened with one person; `expected` takes it back."""
    post = post_of(post_key)
    number, _colon, outcome = request.POST.get("mark", "").partition(":")
    if outcome not in Place.Outcome.values or not number.isdigit():
        messages.error(request, _("That did not work. Please try again."))
        return HttpResponseRedirect(_board_address(request, post))
    place = get_object_or_404(
        Place.objects.select_related("person", "booking__request"), pk=number, slot__counter__post=post
    )
    late = may(request.user, CORRECT, post.key)
    try:
        check_in(place=place, outcome=outcome, by=request.user.get_username(), now=timezone.now(), undo_late=late)
    except RefusedError as refusal:
        messages.error(request, refusal.sentence)
        return HttpResponseRedirect(_board_address(request, post, at=place.pk))
    if outcome == Place.Outcome.EXPECTED:
        calling.take_back(place=place)
        reference = place.booking.request.reference
        record(request.user, AccessRecord.Action.CHANGE, reference, now=timezone.now(), post_key=post.key)
    who = f"{place.person.family_name} {place.person.given_names}"
    messages.success(request, _("%(name)s: %(outcome)s.") % {"name": who, "outcome": Place.Outcome(outcome).label})
    last = "" if outcome == Place.Outcome.EXPECTED else place.pk
    return HttpResponseRedirect(_board_address(request, post, last=last))


@staff_site.page("day/<slug:post_key>/call/", name="day_call", verb=CHECK_IN)
@require_POST
def call(request: HttpRequest, post_key: str) -> HttpResponse:
    """Call the next person to a counter."""
    post, now = post_of(post_key), timezone.now()
    counter = get_object_or_404(Counter, post=post, number=_counter_number(request) or 0)
    place = calling.call_next(counter=counter, day=today_at(post, now), by=request.user.get_username(), now=now)
    if place is None:
        messages.info(request, _("Nobody is waiting."))
        return HttpResponseRedirect(_board_address(request, post))
    return HttpResponseRedirect(_board_address(request, post, at=place.pk, counter=""))


@staff_site.page("day/<slug:post_key>/print/", name="day_print", verb=VIEW)
@require_GET
def day_print(request: HttpRequest, post_key: str) -> HttpResponse:
    """The list on paper, for a day without power."""
    post = post_of(post_key)
    day = day_from(request.GET.get("day"), today_at(post, timezone.now()))
    counter = _counter_number(request)
    rows = day_rows(post, day, counter)
    subject = f"day {day}" + (f" counter {counter}" if counter else "")
    record(request.user, AccessRecord.Action.PRINT, subject, now=timezone.now(), post_key=post.key, rows=len(rows))
    context = {"title": post.name, "post": post, "day": day, "counter": counter, "rows": rows, "now": timezone.now()}
    return show(request, "appointments/staff/day_print.html", context)


@staff_site.page("day/<slug:post_key>/display/", name="day_display", verb=VIEW)
@require_GET
def day_display(request: HttpRequest, post_key: str) -> HttpResponse:
    """The screen in the waiting room: the end of the reference and the counter, never a name."""
    post = post_of(post_key)
    context = {"title": post.name, "post": post, "calls": calling.last_calls(post, timezone.now())}
    return show(request, "appointments/staff/day_display.html", context)
