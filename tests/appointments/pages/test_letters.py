"""Letters and papers: the right words in the reader's language, the reference in the subject, nothing to sell."""

import io
import re

import icalendar
import pytest
from django.utils import timezone
from pypdf import PdfReader

from appointments.actions.cancellations import cancel
from appointments.actions.holds import hold
from appointments.actions.requests import enter_request
from appointments.confirmation.calendar_file import calendar_file
from appointments.confirmation.document import confirmation_pdf
from appointments.domain.references import spoken
from appointments.models import Booking
from mailroom.renderers import Envelope, known_kinds, render
from tests.cast import ALICE, ALICE_MAIL, BOB, Scene, any_day, open_slots, person

LANGUAGES = ("fr", "ar", "en")
FREE = {"fr": "Réserver est gratuit", "ar": "الحجز مجاني", "en": "Booking is free"}
KINDS = {
    "request_entered",
    "draw_committed",
    "draw_won",
    "draw_lost",
    "hold_placed",
    "booking_confirmed",
    "booking_cancelled",
    "hold_expired",
    "request_withdrawn",
    "request_ended",
    "earlier_request_notice",
}


def _held(scene: Scene, language: str, people: int = 2) -> Booking:
    slots = open_slots(scene.first_come, people + 1)
    group = [ALICE, BOB, *(person(number) for number in range(people))][:people]
    now = timezone.now()
    return hold(
        service=scene.first_come, slot_id=slots[0].pk, people=group, contact=ALICE_MAIL, language=language, now=now
    )


def _confirm(booking: Booking) -> Booking:
    booking.state, booking.paid_at = Booking.State.CONFIRMED, timezone.now()
    booking.save()
    return booking


def _right(envelope: Envelope | None, reference: str, language: str) -> str:
    assert envelope is not None
    assert envelope.to == ALICE_MAIL
    assert spoken(reference) in envelope.subject
    assert FREE[language] in envelope.text
    assert FREE[language] in envelope.html
    assert envelope.language == language
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in envelope.html
    assert not re.search(r"<img|<script|style=|[٠-٩]", envelope.html)
    return envelope.text


def test_every_kind_has_a_writer() -> None:
    assert known_kinds() >= KINDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_of_a_standing_request(scene: Scene, language: str) -> None:
    now = timezone.now()
    row = enter_request(
        service=scene.drawn, people=[ALICE], wishes=any_day(), contact=ALICE_MAIL, language=language, now=now
    )
    for kind, key in (
        ("request_entered", row.reference),
        ("draw_lost", f"1:{row.reference}"),
        ("request_withdrawn", row.reference),
        ("request_ended", row.reference),
        ("earlier_request_notice", row.reference),
    ):
        text = _right(render(kind, key, None), row.reference, language)
        assert ALICE.passport_number not in text
    assert render("hold_placed", row.reference, None) is None
    assert render("booking_confirmed", row.reference, None) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_of_a_booking(scene: Scene, language: str) -> None:
    booking = _held(scene, language)
    reference = booking.request.reference
    _right(render("hold_placed", reference, None), reference, language)
    _right(render("draw_won", f"7:{reference}", None), reference, language)
    _confirm(booking)
    envelope = render("booking_confirmed", reference, None)
    text = _right(envelope, reference, language)
    assert "09:00" in text
    assert envelope is not None
    assert [kind for _name, _content, kind in envelope.attachments] == ["application/pdf", "text/calendar"]
    cancel(booking=booking, by="applicant", now=timezone.now())
    _right(render("booking_cancelled", reference, {"refund": True}), reference, language)
    assert render("hold_placed", reference, None) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("people", [1, 6])
def test_the_confirmation_fits_one_page(scene: Scene, language: str, people: int) -> None:
    booking = _confirm(_held(scene, language, people))
    documents = scene.first_come.category
    documents.documents_fr = documents.documents_ar = documents.documents_en = "\n".join(["A document to bring"] * 10)
    documents.save()
    reader = PdfReader(io.BytesIO(confirmation_pdf(booking, language)))
    assert len(reader.pages) == 1
    text = reader.pages[0].extract_text()
    assert spoken(booking.request.reference) in text
    for index in range(people):
        assert f"09:{15 * index:02}" in text or index > 3
    assert ALICE.passport_number in text
    assert "/cancel/" in text
    assert reader.metadata is not None


def test_a_name_is_set_as_it_is_and_never_as_markup(scene: Scene) -> None:
    from dataclasses import replace

    slots = open_slots(scene.first_come, 1)
    nasty = replace(ALICE, family_name='#panic("no") $x$ *b*')
    booking = hold(
        service=scene.first_come,
        slot_id=slots[0].pk,
        people=[nasty],
        contact=ALICE_MAIL,
        language="en",
        now=timezone.now(),
    )
    text = PdfReader(io.BytesIO(confirmation_pdf(_confirm(booking), "en"))).pages[0].extract_text()
    assert '#panic("no") $x$ *b*' in " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_calendar_file_names_the_local_time_and_no_person(scene: Scene, language: str) -> None:
    booking = _confirm(_held(scene, language))
    content = calendar_file(booking, language, timezone.now())
    assert b"BENALI" not in content
    assert ALICE.passport_number.encode() not in content
    calendar = icalendar.Calendar.from_ical(content)
    event = calendar.walk("VEVENT")[0]
    assert event["DTSTART"].params["TZID"] == "Africa/Algiers"
    assert event.decoded("dtstart").replace(tzinfo=None).isoformat() == f"{booking.local_day}T09:00:00"
    assert (event.decoded("dtend") - event.decoded("dtstart")).total_seconds() == 2 * 15 * 60
    assert calendar.walk("VTIMEZONE")
