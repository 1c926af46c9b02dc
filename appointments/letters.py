"""Letters about requests and bookings: each says what happened, what to do, and that booking is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from appointments import wording
from appointments.actions.access import with_booking
from appointments.models import Booking, Draw, Request
from mailroom.renderers import Envelope, renderer
from vault.rows import first


@dataclass
class Letter:
    """What a letter says, before it becomes plain text and simple HTML."""

    subject: str
    paragraphs: list[str]
    facts: list[tuple[str, str]] = field(default_factory=list)
    link: str = ""
    link_words: str = ""


Writer = Callable[[Request, "dict[str, Any]"], "Letter | None"]
Attach = Callable[[Request], "list[tuple[str, bytes, str]]"]


def _row(reference: str) -> Request | None:
    row = first(Request, "WHERE reference = %s", [reference])
    return None if row is None else with_booking(row)


def _envelope(row: Request, letter: Letter, attachments: list[tuple[str, bytes, str]]) -> Envelope:
    address = settings.PUBLIC_ORIGIN + letter.link if letter.link else ""
    facts = [
        (_("Reference"), wording.spoken(row.reference)),
        (_("For"), f"{row.service.category.label}, {row.service.post.name}"),
        *letter.facts,
    ]
    context = {
        "letter": letter,
        "facts": facts,
        "address": address,
        "language": row.language,
        "direction": "rtl" if row.language == "ar" else "ltr",
        "origin": settings.PUBLIC_ORIGIN,
    }
    return Envelope(
        to=row.contact,
        subject=f"{letter.subject} ({wording.spoken(row.reference)})",
        text=render_to_string("appointments/mail/letter.txt", context),
        html=render_to_string("appointments/mail/letter.html", context),
        language=row.language,
        attachments=attachments,
    )


def letter(kind: str, *, attach: Attach | None = None) -> Callable[[Writer], Writer]:
    """Register a writer for `kind`: it gets the request and the payload, in the language of the request.

    A subject key is the request's reference, or “<draw id>:<reference>” (the draw id then is `payload["draw"]`).
    """

    def register(write: Writer) -> Writer:
        def render(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
            draw, _colon, reference = subject_key.rpartition(":")
            row = _row(reference)
            if row is None or not row.contact:  # entered at the desk for somebody without an address
                return None
            with translation.override(row.language):
                written = write(row, {**(payload or {}), "draw": draw})
                return None if written is None else _envelope(row, written, attach(row) if attach else [])

        renderer(kind)(render)
        return write

    return register


def _page(row: Request, name: str = "my-request") -> str:
    return reverse(name, args=[row.reference])


def _when(row: Request, moment: datetime) -> str:
    post = row.service.post
    return wording.instant_in_full(moment, post.timezone, post.country)


def _booking(row: Request) -> Booking | None:
    found: Booking | None = getattr(row, "booking", None)
    return found


def _appointment(row: Request, booking: Booking) -> list[tuple[str, str]]:
    post = row.service.post
    at = f"{wording.clock(booking.local_time)} ({wording.zone_words(post.timezone)})"
    lines = [line.strip() for line in post.address.splitlines() if line.strip()]
    where = ", ".join([post.name, *(lines or [_("ask the post for its address")])])
    return [(_("Day"), wording.day_in_full(booking.local_day, post.country)), (_("Time"), at), (_("Where"), where)]


@letter("request_entered")
def request_entered(row: Request, payload: dict[str, Any]) -> Letter:
    """The request stands."""
    return Letter(
        subject=_("Your request stands"),
        paragraphs=[
            _("You are entered in every draw until you are given a place. You need not do anything: we write to you."),
            _("If a place is drawn for you, we write at once. Looking often, or asking again, does not help."),
        ],
        facts=[(_("Your ticket in the public record"), row.ticket_id)],
        link=_page(row),
        link_words=_("Your request"),
    )


@letter("draw_committed")
def draw_committed(row: Request, payload: dict[str, Any]) -> Letter | None:
    """The list of a draw is public; its fingerprint in the applicant's own hands is what makes it binding."""
    draw = Draw.objects.filter(pk=payload["draw"]).first() if str(payload["draw"]).isdigit() else None
    if draw is None or not draw.list_hash:
        return None
    demonstration = draw.source == Draw.Source.DEMONSTRATION
    return Letter(
        subject=_("A draw is prepared, and you are in it"),
        paragraphs=[
            _("The list of all tickets is now public and can no longer change. Below is its fingerprint (SHA-256)."),
            _("If you are drawn, we write to you within minutes. If no other letter comes, your request still stands."),
            _("Keep this letter: it lets anybody check later that this list, and every one before it, is unchanged."),
            *([_("Demonstration, not verifiable")] if demonstration else []),
        ],
        facts=[
            (_("Draw"), str(draw.pk)),
            (_("Fingerprint of the list"), bytes(draw.list_hash).hex()),
            *([] if demonstration else [(_("Round of the public random number"), str(draw.round))]),
            (_("Your ticket in the public record"), row.ticket_id),
            (_("Draws you have lost so far"), str(row.draws_lost)),
            (_("Letters about draws"), row.get_letters_display()),
            (_("Where to choose this"), _("My bookings")),
        ],
        link=f"/draws/{draw.pk}/",
        link_words=_("The public record"),
    )


def _pay(row: Request, booking: Booking) -> tuple[str, list[tuple[str, str]]]:
    amount = wording.money(booking.amount_cents, booking.currency)
    words = _("Pay the service fee of %(amount)s until %(until)s. Then the appointment is yours.") % {
        "amount": amount,
        "until": _when(row, booking.hold_until),
    }
    return words, _appointment(row, booking)


@letter("draw_won")
def draw_won(row: Request, payload: dict[str, Any]) -> Letter | None:
    """A place was drawn: pay, or it is confirmed already."""
    booking = _booking(row)
    if booking is None or booking.state not in {Booking.State.HELD, Booking.State.CONFIRMED}:
        return None
    if booking.state == Booking.State.CONFIRMED:
        words, facts = _("The appointment is confirmed."), _appointment(row, booking)
    else:
        words, facts = _pay(row, booking)
    return Letter(
        subject=_("You were drawn: a place is held for you"),
        paragraphs=[words, _("If you let the time pass, the place goes back to the lot.")],
        facts=facts,
        link=_page(row),
        link_words=_("To my booking"),
    )


@letter("draw_lost")
def draw_lost(row: Request, payload: dict[str, Any]) -> Letter | None:
    """Not drawn this time."""
    if row.state != Request.State.STANDING:
        return None
    return Letter(
        subject=_("Not drawn this time: your request still stands"),
        paragraphs=[
            _("There were fewer places than people. You take part in the next draw without doing anything."),
            _("Each draw you lose gives you one more lot in the next, up to thirteen."),
        ],
        facts=[(_("Your lots in the next draw"), str(row.weight)), (_("Draw"), str(payload["draw"]))],
        link=_page(row),
        link_words=_("Your request"),
    )


@letter("draw_closed")
def draw_closed(row: Request, payload: dict[str, Any]) -> Letter | None:
    """Drawn for a slot that is gone since: nothing to pay, first in line from now on."""
    if row.state != Request.State.STANDING:
        return None
    return Letter(
        subject=_("You were drawn, but the place cannot be given"),
        paragraphs=[
            _("The post had to close at that time, or the draw was held up for too long. Nothing is to be paid."),
            _("Your request still stands, from now on with the most lots there are. You need not do anything."),
        ],
        facts=[(_("Your lots in the next draw"), str(row.weight)), (_("Draw"), str(payload["draw"]))],
        link=_page(row),
        link_words=_("Your request"),
    )


@letter("hold_placed")
def hold_placed(row: Request, payload: dict[str, Any]) -> Letter | None:
    """A chosen time is held."""
    booking = _booking(row)
    if booking is None or booking.state != Booking.State.HELD:
        return None
    words, facts = _pay(row, booking)
    return Letter(
        subject=_("A place is held for you"),
        paragraphs=[words],
        facts=facts,
        link=_page(row),
        link_words=_("To my booking"),
    )


def _papers(row: Request) -> list[tuple[str, bytes, str]]:
    from appointments.confirmation.calendar_file import calendar_file
    from appointments.confirmation.document import confirmation_pdf

    booking = _booking(row)
    if booking is None:
        return []
    return [
        (f"{row.reference}.pdf", confirmation_pdf(booking, row.language), "application/pdf"),
        (f"{row.reference}.ics", calendar_file(booking, row.language, timezone.now()), "text/calendar"),
    ]


@letter("booking_confirmed", attach=_papers)
def booking_confirmed(row: Request, payload: dict[str, Any]) -> Letter | None:
    """Paid, or free: the appointment stands."""
    booking = _booking(row)
    if booking is None or booking.state != Booking.State.CONFIRMED:
        return None
    return Letter(
        subject=_("Your appointment is confirmed"),
        paragraphs=[
            _("The confirmation is attached. Bring it, printed or on your phone, with the passport of each person."),
            _("It is for the people named in it and for nobody else. It cannot be changed or passed on."),
        ],
        facts=_appointment(row, booking),
        link=_page(row),
        link_words=_("To my booking"),
    )


@letter("booking_cancelled")
def booking_cancelled(row: Request, payload: dict[str, Any]) -> Letter | None:
    """Cancelled, by the person or by the post."""
    booking = _booking(row)
    if booking is None:
        return None
    if row.ended_reason == Request.Ended.POST_CLOSED:
        words = [
            _("The post had to cancel this appointment. We are sorry."),
            _("You can ask again at once; your new request has more lots in the draws."),
        ]
    else:
        words = [
            _("The appointment was cancelled. Its place went back to the lot, for somebody who waits."),
            _("If you did not do this, write to the post at once with your reference."),
        ]
    if payload.get("refund"):
        words.append(_("The service fee is paid back, the way it was paid."))
    return Letter(
        subject=_("The appointment is cancelled"),
        paragraphs=words,
        facts=_appointment(row, booking),
        link=_page(row),
        link_words=_("To my booking"),
    )


@letter("hold_expired")
def hold_expired(row: Request, payload: dict[str, Any]) -> Letter | None:
    """Not paid in time."""
    booking = _booking(row)
    if booking is None or booking.state != Booking.State.EXPIRED:
        return None
    return Letter(
        subject=_("Not paid in time: the place went back"),
        paragraphs=[
            _("The service fee was not paid in time, so the place went back to the lot. No money was taken."),
            _("The same people can ask again after %(days)s days.") % {"days": row.service.cooling_off_days},
        ],
        facts=_appointment(row, booking),
    )


@letter("request_withdrawn")
def request_withdrawn(row: Request, payload: dict[str, Any]) -> Letter:
    """Withdrawn by the person."""
    return Letter(
        subject=_("Your request is withdrawn"),
        paragraphs=[
            _("It takes part in no further draw. You can ask again at once."),
            _("If you did not do this, write to the post at once with your reference."),
        ],
    )


@letter("request_ended")
def request_ended(row: Request, payload: dict[str, Any]) -> Letter:
    """Stood until its last day."""
    return Letter(
        subject=_("Your request has ended"),
        paragraphs=[
            _("The last day that suited you has passed, so it takes part in no further draw."),
            _("You can ask again at once. We are sorry that no place was drawn for you."),
        ],
        link=reverse("service", args=[row.service.post.key, row.service.slug]),
        link_words=_("Ask again"),
    )


@letter("earlier_request_notice")
def earlier_request_notice(row: Request, payload: dict[str, Any]) -> Letter | None:
    """Somebody else typed a passport that has a living request here. Nothing about them is told."""
    if row.state == Request.State.ENDED:
        return None
    return Letter(
        subject=_("Somebody entered your passport again"),
        paragraphs=[
            _("Somebody tried to make another request with a passport of this one. It was refused."),
            _("If it was you, with another address: nothing is to be done. Your first request counts."),
            _("If it was not, tell nobody your codes. At the counter the passport itself decides."),
        ],
        link=_page(row),
        link_words=_("Your request"),
    )
