"""The confirmation as a PDF of one page, set by Typst with fonts of our own, so that it looks the same everywhere."""

from __future__ import annotations

import json
import logging
import unicodedata
from datetime import datetime, time
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from appointments import wording
from appointments.models import Booking, Person
from vault.rows import columns, read
from vault.text import canonical

if TYPE_CHECKING:
    import typst

log = logging.getLogger(__name__)
SOURCE = Path(__file__).with_name("confirmation.typ")
_QUIET = 2  # squares of white around the code
MOST_LINES = 14  # of what to bring: more would not fit the page beside a large family


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    """The fonts that the project pins; those of the machine are left aside."""
    import fontpkg
    import typst

    folders = [Path(fontpkg.path(name)).parent for name in ("Noto Sans", "Noto Sans Arabic")]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _picture(text: str) -> str:
    """A QR code as SVG, a line for each run of dark squares: a third of the work of the package's own writer."""
    from segno import make

    # Any mask is read by every scanner; trying all eight of them would cost more than the rest of the page.
    code = make(text, error="m", micro=False, mask=0)
    width = len(code.matrix) + 2 * _QUIET
    path = ""
    for down, row in enumerate(code.matrix, _QUIET):
        at = _QUIET
        for dark, run in groupby(row):
            length = len(list(run))
            path += f"M{at} {down + 0.5}h{length}" if dark else ""
            at += length
    size = f'width="{width}" height="{width}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><path stroke="#000" d="{path}"/></svg>'


def _isolated(text: str) -> str:
    """Text of any script beside text of another: first-strong isolates (Unicode TR 9) keep each in its order."""
    return f"\u2068{canonical(text)}\u2069"


def _line(text: str) -> dict[str, Any]:
    """A line of its own with its own direction, that of its first letter."""
    strong = next((unicodedata.bidirectional(c) for c in text if unicodedata.bidirectional(c) in {"L", "R", "AL"}), "L")
    return {"text": canonical(text), "rtl": strong != "L"}


def _words() -> dict[str, str]:
    return {
        "reference": _("Your reference"),
        "when": _("When"),
        "code": _("Code for the counter: it holds the reference"),
        "what": _("For"),
        "where": _("Where"),
        "who": _("Who"),
        "time": _("Time"),
        "name": _("Name"),
        "passport": _("Passport"),
        "bring": _("What to bring"),
    }


_PLACES = """
    SELECT s.local_time, {} FROM appointments_place l
      JOIN appointments_slot s ON s.id = l.slot_id JOIN appointments_person p ON p.id = l.person_id
     WHERE l.booking_id = %s AND l.living ORDER BY s.local_time, p.position
"""


def _who_comes_when(booking: Booking) -> list[tuple[time, Person]]:
    with connection.cursor() as cursor:
        cursor.execute(_PLACES.format(columns(Person, "p")), [booking.pk])
        return [(row[0], read(Person, row[1:])) for row in cursor.fetchall()]


def _data(booking: Booking, language: str) -> dict[str, Any]:
    row = booking.request
    service, post = row.service, row.service.post
    address = [post.provider.name] if post.provider else []
    lines = [line.strip() for line in post.address.splitlines() if line.strip()]
    address += lines or [_("Ask the post for its address before you travel."), *filter(None, [post.contact_email])]
    site = settings.PUBLIC_ORIGIN + reverse("my-cancel", args=[row.reference])
    paid = ""
    if booking.amount_cents and booking.paid_at:
        paid = _("Service fee paid: %(amount)s, on %(at)s.") % {
            "amount": wording.money(booking.amount_cents, booking.currency),
            "at": wording.instant_in_full(booking.paid_at, post.timezone, post.country),
        }
    return {
        "language": language,
        "site": _("Consular appointments"),
        "title": _("Your appointment is confirmed"),
        "words": _words(),
        "reference": wording.spoken(row.reference),
        "code": _picture(row.reference),
        "day": wording.day_in_full(booking.local_day, post.country),
        "time": wording.clock(booking.local_time),
        "zone": wording.zone_words(post.timezone),
        "service": canonical(service.category.label),
        "post": canonical(f"{post.name}, {wording.country_name(post.country)}"),
        "address": [_line(text) for text in address],
        "people": [
            {
                "time": wording.clock(at),
                "name": _isolated(f"{person.given_names} {person.family_name}"),
                "passport": canonical(person.passport_number),
            }
            for at, person in _who_comes_when(booking)
        ],
        "bring": [
            _("The passport of each person, the one that was entered here"),
            *(canonical(line) for line in service.category.documents[:MOST_LINES]),
        ],
        "paid": paid,
        "warning": _(
            "This appointment is for the people named here and for nobody else. It cannot be changed or passed on. "
            "Nobody may sell it. Come ten minutes early."
        ),
        "cancel": _("To cancel, with your e-mail address:"),
        "cancel_address": site,
    }


def confirmation_pdf(booking: Booking, language: str) -> bytes:
    """The confirmation of a booking in `language` (fr, ar, en): one page, tagged for screen readers."""
    with translation.override(language):
        data = _data(booking, language)
    return typeset(SOURCE, data, booking.paid_at or booking.created_at)


@lru_cache(maxsize=8)
def _source(path: Path) -> bytes:
    return path.read_bytes()


def typeset(source: Path, data: dict[str, Any], at: datetime) -> bytes:
    """The PDF of a Typst file with `data` as its “data.json”, tagged for screen readers (PDF/UA-1), dated `at`.

    Data never become source text, and the source can read nothing but them. As a file they cost half of what they do
    as an input of the compiler: Typst keeps what it worked out for everything that did not change. A sign that our
    fonts do not have breaks the standard, not the page: people get their paper with an empty box in it, and the log
    says so.
    """
    import typst

    files = {"main.typ": _source(source), "data.json": json.dumps(data, ensure_ascii=False).encode()}
    options: dict[str, Any] = {"format": "pdf", "font_paths": fonts(), "timestamp": int(at.timestamp())}
    try:
        made = typst.compile(files, pdf_standards=["ua-1"], **options)
    except typst.TypstError:
        log.warning("pdf_without_tags", extra={"source": source.name})
        made = typst.compile(files, **options)
    assert isinstance(made, bytes)  # noqa: S101 - one output format gives one file; narrows the type
    return made
