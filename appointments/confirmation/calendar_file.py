"""The appointment as a calendar file (RFC 5545), for the applicant's own calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from appointments import wording
from appointments.domain.calendar.zones import zone
from appointments.models import Booking

EARLY = timedelta(days=1)
_HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//visa-booking//appointments//\r\nMETHOD:PUBLISH\r\n"
_FOOT = b"END:VCALENDAR\r\n"


@lru_cache(maxsize=512)
def _rules(name: str, year: int) -> bytes:
    """The rules of a zone around a year, found by trying every day: most of the work of a file, and alike for all.

    Only the rules that matter: a zone's whole history is no help to an old phone.
    """
    rules = icalendar.Timezone.from_tzid(name, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    made: bytes = rules.to_ical()
    return made


def calendar_file(booking: Booking, language: str, now: datetime) -> bytes:
    """One event in the post's zone, with the rules of that zone, and a reminder a day before.

    No name and no passport number: calendars are shared and synchronised more widely than their owners think.
    """
    row = booking.request
    service, post = row.service, row.service.post
    rules = zone(post.timezone)
    begins = datetime.combine(booking.local_day, booking.local_time, tzinfo=rules)
    with translation.override(language):
        title = _("Appointment: %(service)s") % {"service": service.category.label}
        words = _("Reference %(reference)s. Bring the passport that was entered. This appointment cannot be passed on.")
        event = icalendar.Event()
        event.add("uid", f"{row.reference}@{settings.PUBLIC_ORIGIN.split('//')[-1].split(':')[0]}")
        event.add("dtstamp", now)
        event.add("dtstart", begins)
        event.add("dtend", begins + timedelta(minutes=service.duration_minutes * row.size))
        event.add("summary", title)
        event.add("location", ", ".join([post.name, wording.country_name(post.country), *post.address.splitlines()]))
        event.add("description", words % {"reference": wording.spoken(row.reference)})
        event.add("url", settings.PUBLIC_ORIGIN + reverse("my-request", args=[row.reference]))
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", -EARLY)
        event.add_component(alarm)
    made: bytes = event.to_ical()
    return _HEAD + _rules(post.timezone, booking.local_day.year) + made + _FOOT
