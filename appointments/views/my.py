"""One request, whatever became of it; its payment, its confirmation, its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from antibot import doors
from appointments.actions import cancellations, payments, requests
from appointments.domain.calendar.zones import zone
from appointments.domain.wishes import Wishes
from appointments.forms.contact import CodeForm
from appointments.forms.wishes import WishesForm, kept_wishes
from appointments.models import Booking, Person, Request
from appointments.queries.appointment import starts_at
from appointments.queries.figures import standing_figures
from appointments.queries.policies import policy_in_force
from appointments.queries.suspicions import open_suspicion
from appointments.refusals import RefusedError
from appointments.views.access import own_request
from appointments.views.flow import reading_language
from appointments.views.refused import held_back, refused
from vault.rows import find

CANCEL = "cancel"
_SENT = "cancel_code_sent"


def booking_of(row: Request) -> Booking | None:
    """The booking of a request, if it has one."""
    found: Booking | None = getattr(row, "booking", None)
    return found


def _context(row: Request, now: datetime, **more: Any) -> dict[str, Any]:
    booking = booking_of(row)
    return {
        "row": row,
        "service": row.service,
        "post": row.service.post,
        "booking": booking,
        "people": find(Person, "WHERE request_id = %s ORDER BY position", [row.pk]),
        "now": now,
        **more,
    }


@own_request
def state(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """Where do I stand? One page a state."""
    booking = booking_of(row)
    objection = row.state != Request.State.ENDED and open_suspicion(row) is not None
    if booking is None:
        name = "standing" if row.state == Request.State.STANDING else "ended"
        figures = standing_figures(row, now) if name == "standing" else None
        context = _context(
            row,
            now,
            figures=figures,
            policy=policy_in_force(row.service),
            wishes=_wishes(row),
            choices=Request.Letters.choices,
            objection=objection,
        )
        return render(request, f"appointments/my/{name}.html", context)
    if booking.state == Booking.State.HELD:
        payment = doors.payment_state(booking.subject)
        if payment is not doors.PaymentState.PAID:
            return _held(request, row, booking, now, payment, objection=objection)
        # The money is here; what follows from it need not wait for the worker's next look.
        payments.take_payment_events(now)
        booking = find(Booking, "WHERE id = %s", [booking.pk])[0]
        booking.request = row
        row._state.fields_cache["booking"] = booking
        if booking.state == Booking.State.HELD:
            return _held(request, row, booking, now, payment, objection=objection)
    name = "confirmed" if booking.state == Booking.State.CONFIRMED else "over"
    begun = now >= starts_at(booking)
    return render(request, f"appointments/my/{name}.html", _context(row, now, begun=begun, objection=objection))


@own_request
def objection(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """On to the page on which one objects to a suspicion; the letter has the same link."""
    found = open_suspicion(row)
    if found is None:
        return redirect("my-request", row.reference)
    return redirect(doors.objection_path(found.case, found.subject))


def _held(
    request: HttpRequest,
    row: Request,
    booking: Booking,
    now: datetime,
    payment: doors.PaymentState | None,
    *,
    objection: bool,
) -> HttpResponse:
    seconds = int((booking.hold_until - now).total_seconds())
    context = _context(
        row,
        now,
        over=seconds <= 0,
        minutes_left=-(-seconds // 60),
        payment=str(payment) if payment else "",
        quick=booking.origin == Booking.Origin.FIRST_COME,
        vouchers=doors.takes_vouchers(row.service.scope_key),
        objection=objection,
    )
    return render(request, "appointments/my/held.html", context)


@own_request
def pay(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """On to the bank's page, or to the one where ways to pay are chosen; asking twice leads to the same payment."""
    booking = booking_of(row)
    page = reverse("my-request", args=[row.reference])
    if booking is None or request.method != "POST":
        return redirect(page)
    try:
        payment = payments.start_payment(booking=booking, language=reading_language(), return_url=page, now=now)
    except RefusedError as error:
        return refused(request, error, back=page, words=_("Back to my booking"))
    hosted = doors.hosted_page(request, payment, now) if request.POST.get("how") == "card" else None
    return redirect(hosted or payment.pay_url)


@own_request
def paid(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """Back from the payment page: what the gateway has told us by now is taken in, then the state is shown."""
    payments.take_payment_events(now)
    return redirect("my-request", row.reference)


def _wishes(row: Request) -> Wishes:
    return Wishes(row.first_day, row.last_day, row.earliest, row.latest, row.weekdays, row.short_notice)


@own_request
def wishes(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """Change days and hours of a standing request; the persons stay."""
    page = reverse("my-request", args=[row.reference])
    if row.state != Request.State.STANDING:
        return redirect(page)
    form = WishesForm(
        request.POST if request.method == "POST" else None,
        service=row.service,
        today=now.astimezone(zone(row.service.post.timezone)).date(),
        initial=kept_wishes(_wishes(row), row.quota),
    )
    if request.method == "POST" and form.is_valid():
        try:
            requests.change_wishes(request=row, wishes=form.wishes(), now=now)
        except RefusedError as error:
            if not error.field:
                return refused(request, error, back=page)
            form.add_error(error.field, error.sentence)
        else:
            return redirect(page)
    context = _context(row, now, form=form, forms=[form], has_errors=bool(form.is_bound and form.errors))
    return render(request, "appointments/my/wishes.html", context)


@own_request
def letters(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """How often this person hears of draws that they did not win."""
    choice = request.POST.get("letters", "")
    if request.method == "POST" and choice in Request.Letters.values:
        Request.objects.filter(pk=row.pk).update(letters=choice)
    return redirect("my-request", row.reference)


@own_request
def withdraw(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """End a standing request: asked once, then done."""
    page = reverse("my-request", args=[row.reference])
    if row.state != Request.State.STANDING:
        return redirect(page)
    if request.method == "POST":
        try:
            requests.withdraw(request=row, now=now)
        except RefusedError as error:
            return refused(request, error, back=page)
        return redirect(page)
    return render(request, "appointments/my/withdraw.html", _context(row, now))


@own_request
def cancel(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """Cancel a booking: what it means, a fresh code, done. Nothing can be changed instead."""
    booking = booking_of(row)
    page = reverse("my-request", args=[row.reference])
    if booking is None or booking.state not in {Booking.State.HELD, Booking.State.CONFIRMED}:
        return redirect(page)
    here = reverse("my-cancel", args=[row.reference])
    form = CodeForm(request.POST if "code" in request.POST else None)
    if request.method == "POST" and not form.is_bound:
        refusal = doors.send_code(request, row.contact, CANCEL, row.service.scope_key, reading_language())
        if refusal is None:
            request.session[_SENT] = row.reference
        elif refusal.reason is not doors.Reason.CODE_WAIT or request.session.get(_SENT) != row.reference:
            return held_back(request, refusal, here)
        return redirect(here)
    if form.is_bound and form.is_valid():
        refusal = doors.check_code(request, row.contact, form.cleaned_data["code"], CANCEL)
        if refusal is None:
            request.session.pop(_SENT, None)
            return _cancel(request, booking, page, now)
        form.add_error("code", refusal.sentence)
    context = _context(
        row,
        now,
        form=form,
        forms=[form],
        sent=form.is_bound or request.session.get(_SENT) == row.reference,
        refund=cancellations.refund_due(booking, now),
        has_errors=bool(form.is_bound and form.errors),
    )
    return render(request, "appointments/my/cancel.html", context)


def _cancel(request: HttpRequest, booking: Booking, page: str, now: datetime) -> HttpResponse:
    try:
        cancellations.cancel(booking=booking, by="applicant", now=now)
    except RefusedError as error:
        return refused(request, error, back=page)
    return redirect(page)


def _confirmed_only(row: Request) -> Booking | None:
    booking = booking_of(row)
    return booking if booking is not None and booking.state == Booking.State.CONFIRMED else None


@own_request
def confirmation_pdf(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """The confirmation on one page."""
    from appointments.confirmation.document import confirmation_pdf as render_pdf

    booking = _confirmed_only(row)
    if booking is None:
        return redirect("my-request", row.reference)
    return HttpResponse(
        render_pdf(booking, reading_language()),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{row.reference}.pdf"'},
    )


@own_request
def appointment_ics(request: HttpRequest, row: Request, now: datetime) -> HttpResponse:
    """The appointment for one's own calendar."""
    from appointments.confirmation.calendar_file import calendar_file

    booking = _confirmed_only(row)
    if booking is None:
        return redirect("my-request", row.reference)
    return HttpResponse(
        calendar_file(booking, reading_language(), now),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{row.reference}.ics"'},
    )
