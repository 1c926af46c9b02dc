"""Whose pages these are: an e-mail address proved in this session, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from antibot import doors
from appointments.actions.access import find_for_contact, request_for_contact
from appointments.domain.references import read_reference
from appointments.forms.contact import CodeForm, ContactForm
from appointments.models import Request
from appointments.refusals import Reason, RefusedError
from appointments.views.flow import reading_language
from appointments.views.refused import held_back, refused
from appointments.views.uncached import uncached

PURPOSE = "my"
_ADDRESS = "my_address"
_WANTED = "my_reference"


def proved_contact(request: HttpRequest) -> str | None:
    """The address proved in this session: for looking up, or for the application just made."""
    return doors.verified_contact(request, PURPOSE) or doors.verified_contact(request, "apply")


OwnView = Callable[..., HttpResponse]


def own_request(view: OwnView) -> OwnView:
    """A page about one request: `view(request, row, now)`. Anybody else is sent to prove an address first."""

    @wraps(view)
    def opened(request: HttpRequest, reference: str, **more: Any) -> HttpResponse:
        now: datetime = timezone.now()
        contact = proved_contact(request)
        if contact is None:
            clean = read_reference(reference)
            if clean:
                request.session[_WANTED] = clean
            return redirect("my")
        row = _find(request, contact, reference)
        if row is None:
            return _not_there(request)
        return view(request, row, now, **more)

    return require_http_methods(["GET", "HEAD", "POST"])(uncached(opened))


def _find(request: HttpRequest, contact: str, reference: str) -> Request | None:
    """Under each address proved in this session: applying and looking up may have used two."""
    for address in {contact, doors.verified_contact(request, "apply") or contact}:
        try:
            return request_for_contact(address, reference)
        except RefusedError:
            continue
    return None


def _not_there(request: HttpRequest) -> HttpResponse:
    return refused(request, RefusedError(Reason.NOT_FOUND), back=reverse("my"), words=_("To my bookings"))


@require_http_methods(["GET", "HEAD", "POST"])
@uncached
def my(request: HttpRequest) -> HttpResponse:
    """Everything of an address, once it is proved; before that, the address and a captcha."""
    contact = proved_contact(request)
    if contact is not None and "other" not in request.GET:
        rows = find_for_contact(contact)
        return render(request, "appointments/my/list.html", {"rows": rows, "address": contact})
    anew = "captcha_refresh" in request.POST
    posted = request.method == "POST" and not anew
    hint = _("The one that you gave when you applied. We send a code to it.")
    typed = {"contact": request.POST.get("contact", "")}
    form = ContactForm(request.POST if posted else None, initial=typed, hint=hint)
    challenge = doors.challenge_form(request, "", request.POST if request.method == "POST" else None, purpose=PURPOSE)
    tried = False
    if posted:
        refusal = doors.may_proceed(request, PURPOSE, "")
        if refusal is not None:
            return held_back(request, refusal, reverse("my"))
        tried = form.is_valid()
        if tried and challenge.is_valid():
            answer = _send(request, form)
            if answer is not None:
                return answer
    forms = [form, challenge] if tried else [form]
    context = {"form": form, "challenge": challenge, "forms": forms, "has_errors": any(f.errors for f in forms)}
    return render(request, "appointments/my/sign_in.html", context)


def _send(request: HttpRequest, form: ContactForm) -> HttpResponse | None:
    """Send the code, alike for known and unknown addresses. None: the form says what is wrong."""
    address = form.cleaned_data["contact"]
    refusal = doors.send_code(request, address, PURPOSE, "", reading_language())
    if refusal is not None and refusal.reason is doors.Reason.BAD_CONTACT:
        form.add_error("contact", refusal.sentence)
        return None
    # A second click within the minute: the first one's code is on its way, unless that one was for something else.
    underway = request.session.get(_ADDRESS) == address
    if refusal is not None and not (refusal.reason is doors.Reason.CODE_WAIT and underway):
        return held_back(request, refusal, reverse("my"))
    request.session[_ADDRESS] = address
    return redirect("my-code")


@require_http_methods(["GET", "HEAD", "POST"])
@uncached
def my_code(request: HttpRequest) -> HttpResponse:
    """The code; then straight to the request that was wanted, or to the list."""
    address = request.session.get(_ADDRESS)
    if not isinstance(address, str):
        return redirect("my")
    form = CodeForm(request.POST if request.method == "POST" and "again" not in request.POST else None)
    sent_again = False
    if request.method == "POST" and "again" in request.POST:
        refusal = doors.send_code(request, address, PURPOSE, "", reading_language())
        if refusal is not None:
            return held_back(request, refusal, reverse("my-code"))
        sent_again = True
    elif request.method == "POST" and form.is_valid():
        refusal = doors.check_code(request, address, form.cleaned_data["code"], PURPOSE)
        if refusal is None:
            request.session.pop(_ADDRESS, None)
            wanted = request.session.pop(_WANTED, None)
            return redirect("my-request", wanted) if isinstance(wanted, str) else redirect("my")
        if refusal.of_network:
            return held_back(request, refusal, reverse("my-code"))
        form.add_error("code", refusal.sentence)
    context = {
        "form": form,
        "address": address,
        "sent_again": sent_again,
        "forms": [form],
        "has_errors": bool(form.is_bound and form.errors),
        "again_address": reverse("my"),
    }
    return render(request, "appointments/my/code.html", context)
