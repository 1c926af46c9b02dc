"""Filters and tags of the pages: how dates, hours, money and references are written."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import Resolver404, get_urlconf, resolve, reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from appointments import wording
from appointments.domain.calendar.zones import zone
from appointments.domain.wishes import Wishes
from appointments.models import Booking, Request
from appointments.queries.availability import OpenDay
from mailroom.lateness import letters_are_late

register = template.Library()

# The bottom of every page. An address that this installation does not serve is left out.
_BOTTOM = (
    ("/my/", gettext_lazy("My bookings")),
    ("/help/", gettext_lazy("Help")),
    ("/against-traffic/", gettext_lazy("What we do against traffic")),
    ("/report/", gettext_lazy("Report an offer")),
    ("/draws/", gettext_lazy("Public record of draws")),
    ("/transparency/", gettext_lazy("Figures")),
    ("/archives/copy-request/", gettext_lazy("Copy of an issued visa")),
    ("/archives/privacy/", gettext_lazy("Your data")),
    ("/accessibility/", gettext_lazy("Accessibility")),
)

_STANDING = gettext_lazy("Waiting for a draw")
_ENDED = gettext_lazy("Request ended")
_BOOKING_STATES = {
    Booking.State.HELD: gettext_lazy("Held, to be paid"),
    Booking.State.CONFIRMED: gettext_lazy("Appointment confirmed"),
    Booking.State.ATTENDED: gettext_lazy("Appointment attended"),
    Booking.State.NO_SHOW: gettext_lazy("Nobody came"),
    Booking.State.CANCELLED: gettext_lazy("Appointment cancelled"),
    Booking.State.EXPIRED: gettext_lazy("Not paid in time"),
}


@lru_cache(maxsize=64)
def _exists(address: str, urlconf: str) -> bool:
    # Which addresses there are is fixed when a process starts; resolving eight of them costs more than a small page.
    try:
        resolve(address, urlconf)
    except Resolver404:
        return False
    return True


@register.simple_tag
def links_that_exist() -> list[tuple[str, str]]:
    """The links at the bottom of the page."""
    urlconf = get_urlconf() or settings.ROOT_URLCONF
    return [(address, str(words)) for address, words in _BOTTOM if _exists(address, urlconf)]


@lru_cache(maxsize=16)
def _part(name: str, language: str, urlconf: str) -> str:
    # The same on every page of a language; only the address to come back to is not.
    return render_to_string(f"parts/{name}.html", {"here": _HERE})


_HERE = "address-of-this-page"


@register.simple_tag(takes_context=True)
def page_top(context: dict[str, Any]) -> SafeString:
    """Name of the site and choice of language."""
    part = _part("top", get_language() or "", get_urlconf() or settings.ROOT_URLCONF)
    return SafeString(part.replace(_HERE, quote(page_address(context), safe="")))


@register.simple_tag
def page_bottom() -> SafeString:
    """Links at the bottom."""
    return SafeString(_part("bottom", get_language() or "", get_urlconf() or settings.ROOT_URLCONF))


def page_address(context: dict[str, Any]) -> str:
    """The address of this page, for coming back after choosing a language."""
    request: HttpRequest | None = context.get("request")
    return request.get_full_path() if request else str(context.get("own_address", "/"))


@register.filter
def country(code: str) -> str:
    """A country's name from its two letters."""
    return wording.country_name(code)


@register.filter
def day_in_full(day: date, post: Any = None) -> SafeString:
    """A local date with its weekday, as the machine reads it too."""
    words = wording.day_in_full(day, getattr(post, "country", ""))
    return format_html('<time datetime="{}"><bdi>{}</bdi></time>', day.isoformat(), words)


@register.filter
def clock(at: time) -> SafeString:
    """A local time, isolated so that it reads the same in Arabic."""
    return format_html('<bdi class="number">{}</bdi>', wording.clock(at))


@register.simple_tag
def open_times(day: OpenDay, *, choose: bool = False) -> SafeString:
    """The times of a day, each a button that chooses it or only to be read: hundreds on a page, so without templates.

    Nothing here comes from a person: figures, a date, and times in figures.
    """
    if choose:
        about = f"day-{day.day.isoformat()}"
        head, tail = '<li><button name="slot" value="', f'" aria-describedby="{about}"><bdi class="number">'
        items = [f"{head}{at.slot_id}{tail}{wording.clock(at.local_time)}</bdi></button></li>" for at in day.times]
    else:
        items = [f'<li><span><bdi class="number">{wording.clock(at.local_time)}</bdi></span></li>' for at in day.times]
    return SafeString(f'<ul class="times">{"".join(items)}</ul>')


@register.filter
def instant(moment: datetime, post: Any) -> SafeString:
    """An instant on the clock of a post, with whose clock that is."""
    local = moment.astimezone(zone(post.timezone))
    words = wording.instant_in_full(moment, post.timezone, post.country)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), words)


@register.filter
def hour(moment: datetime, post: Any) -> SafeString:
    """The hour of an instant on the clock of a post."""
    local = moment.astimezone(zone(post.timezone))
    return format_html('<bdi class="number">{}</bdi>', wording.clock(local.time()))


@register.filter
def whose_clock(post: Any) -> str:
    """Whose clock a post's times are read on."""
    return wording.zone_words(post.timezone)


@register.filter
def money(cents: int, currency: str) -> SafeString:
    """An amount in cents; nothing to pay is said in words."""
    if not cents:
        return format_html("{}", _("free of charge"))
    return format_html('<bdi class="number">{}</bdi>', wording.money(cents, currency))


@register.filter
def spoken(reference: str) -> SafeString:
    """A reference in groups of four, always from left to right."""
    return format_html('<bdi class="reference" dir="ltr">{}</bdi>', wording.spoken(reference))


@register.filter
def figure(number: int) -> SafeString:
    """A whole number with thin spaces between thousands, isolated."""
    return format_html('<bdi class="number">{}</bdi>', f"{number:,}".replace(",", "\u202f"))


@register.simple_tag
def mail_is_late() -> bool:
    """Whether letters wait at the moment, so that a page that promises one says so."""
    return letters_are_late(timezone.now())


@register.filter
def minutes_and_seconds(seconds: int) -> SafeString:
    """A short time left."""
    return format_html('<bdi class="number">{}</bdi>', f"{seconds // 60}:{seconds % 60:02}")


@register.filter
def day_of_birth(day: date | str) -> SafeString:
    """A date of birth in figures, as it stands in the passport: day, month, year."""
    born = date.fromisoformat(day) if isinstance(day, str) else day
    return format_html('<time datetime="{}"><bdi class="number">{}</bdi></time>', born.isoformat(), f"{born:%d/%m/%Y}")


@register.filter
def weekday_names(wishes: Wishes) -> str:
    """The accepted weekdays by name."""
    days = [str(WEEKDAYS[day]) for day in range(7) if wishes.weekdays >> day & 1]
    return _("all that the post is open") if len(days) == 7 else _(", ").join(days)


@register.filter
def hours_in_words(wishes: Wishes) -> SafeString:
    """The accepted hours."""
    if wishes.earliest == time(0) and wishes.latest >= time(23, 59):
        return format_html("{}", _("any time"))
    return format_html(
        "{}",
        _("from %(earliest)s to %(latest)s")
        % {"earliest": wording.clock(wishes.earliest), "latest": wording.clock(wishes.latest)},
    )


@register.filter
def state_in_words(row: Request) -> str:
    """Where a request stands, in a few words."""
    booking: Booking | None = getattr(row, "booking", None)
    if booking is not None:
        return str(_BOOKING_STATES[Booking.State(booking.state)])
    return str(_STANDING if row.state == Request.State.STANDING else _ENDED)


@register.simple_tag(takes_context=True)
def guide_address(context: Any) -> str:
    """The task of the staff guide that helps on this page, or the list of tasks."""
    from appointments.staff.guide_pages import task_for

    match = getattr(context.get("request"), "resolver_match", None)
    task = task_for(match.url_name or "") if match else ""
    return reverse("admin:staff_guide_task", args=[task]) if task else reverse("admin:staff_guide")
