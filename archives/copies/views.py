"""Asking for a copy: who asks, address and code, details and document, receipt; and fetching what was granted."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from antibot import doors
from appointments.forms.contact import CodeForm, ContactForm
from appointments.views.flow import reading_language
from appointments.views.refused import held_back
from archives.copies import actions, deliveries
from archives.copies.facsimile import facsimile, file_name
from archives.copies.forms import DetailsForm, WhoForm
from archives.copies.refusals import Reason, RefusedError
from archives.copies.uploads import LARGEST_BYTES, take_upload
from archives.models import CopyDelivery, CopyRequest, CopyUpload

log = structlog.get_logger("archives.copies")

PURPOSE, DELIVERY = "copy_request", "delivery"
_TOKEN = "copy_token"  # noqa: S105 - the name of a session value
_RECEIPT = "copy_receipt"
_SENT = "copy_delivery_code"
_ASKED = "copy_code_asked"
# Forms and the document together; more is not even read.
LARGEST_POST = LARGEST_BYTES + 200_000
page = require_http_methods(["GET", "HEAD", "POST"])


def session_hash(request: HttpRequest) -> bytes:
    """What binds an unfinished form to this browser."""
    token = request.session.get(_TOKEN)
    if not isinstance(token, str):
        token = secrets.token_urlsafe(24)
        request.session[_TOKEN] = token
    return hashlib.sha256(token.encode()).digest()


def _refused(request: HttpRequest, error: RefusedError, back: str, words: str, status: int = 409) -> HttpResponse:
    log.info("copy_refused_step", reason=error.reason.value)
    context = {"sentence": error.sentence, "back": back, "words": words}
    return render(request, "appointments/refused.html", context, status=status)


def _begin_again(request: HttpRequest, error: RefusedError) -> HttpResponse:
    return _refused(request, error, reverse("copy-start"), _("Begin again"), 404)


def _draft(request: HttpRequest, reference: str) -> CopyRequest:
    return actions.draft_of(session_hash=session_hash(request), reference=reference, now=timezone.now())


@page
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """What a copy is, who may have one, that no attestation exists; then: which consulate, who asks."""
    form = WhoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.begin(
                post_key=form.cleaned_data["post"],
                kind=form.cleaned_data["kind"],
                session_hash=session_hash(request),
                language=reading_language(),
                now=timezone.now(),
            )
        except RefusedError as error:
            form.add_error("kind", error.sentence)
        else:
            return redirect("copy-contact", row.reference)
    return _form_page(request, "start", form)


def _form_page(request: HttpRequest, name: str, *forms: Any, **more: Any) -> HttpResponse:
    shown = [form for form in forms if form is not None]
    context = {"form": forms[0], "forms": shown, "has_errors": any(f.is_bound and f.errors for f in shown), **more}
    return render(request, f"archives/copies/{name}.html", context)


@page
@never_cache
def contact(request: HttpRequest, reference: str) -> HttpResponse:
    """The address to which everything goes, and a captcha."""
    try:
        row = _draft(request, reference)
    except RefusedError as error:
        return _begin_again(request, error)
    here = reverse("copy-contact", args=[reference])
    posted = request.method == "POST" and "captcha_refresh" not in request.POST
    hint = _("The code, the receipt and the answer go to it.")
    if row.kind == CopyRequest.Kind.PREFECTURE:
        hint = _("Your official address at the prefecture. The code, the receipt and the answer go to it.")
    initial = {"contact": request.POST.get("contact", "") or row.answers.get("contact", "")}
    form = ContactForm(request.POST if posted else None, initial=initial, hint=hint)
    data = request.POST if request.method == "POST" else None
    challenge = doors.challenge_form(request, row.post_key, data, purpose=PURPOSE)
    tried = False
    if posted:
        refusal = doors.may_proceed(request, PURPOSE, row.post_key)
        if refusal is not None:
            return held_back(request, refusal, here)
        tried = form.is_valid()
        if tried and row.kind == CopyRequest.Kind.PREFECTURE and not actions.is_official(form.cleaned_data["contact"]):
            form.add_error("contact", RefusedError(Reason.NOT_OFFICIAL).sentence)
        elif tried and challenge.is_valid():
            answer = _send_code(request, row, form, here)
            if answer is not None:
                return answer
    return _form_page(request, "contact", form, challenge if tried else None, challenge=challenge, row=row)


def _send_code(request: HttpRequest, row: CopyRequest, form: ContactForm, here: str) -> HttpResponse | None:
    address = form.cleaned_data["contact"]
    actions.keep(row, {"contact": address})
    refusal = doors.send_code(request, address, PURPOSE, row.post_key, reading_language())
    asked = [row.reference, actions.contact_index(address).hex()]
    underway = request.session.get(_ASKED) == asked
    if refusal is None or (refusal.reason is doors.Reason.CODE_WAIT and underway):
        request.session[_ASKED] = asked
        return redirect("copy-code", row.reference)
    if refusal.reason is doors.Reason.BAD_CONTACT:
        form.add_error("contact", refusal.sentence)
        return None
    return held_back(request, refusal, here)


@page
@never_cache
def code(request: HttpRequest, reference: str) -> HttpResponse:
    """The code of the message."""
    try:
        row = _draft(request, reference)
    except RefusedError as error:
        return _begin_again(request, error)
    address = row.answers.get("contact")
    if not address:
        return redirect("copy-contact", reference)
    again = request.method == "POST" and "again" in request.POST
    form = CodeForm(request.POST if request.method == "POST" and not again else None)
    if again:
        refusal = doors.send_code(request, address, PURPOSE, row.post_key, reading_language())
        if refusal is not None:
            return held_back(request, refusal, reverse("copy-code", args=[reference]))
    elif request.method == "POST" and form.is_valid():
        refusal = doors.check_code(request, address, form.cleaned_data["code"], PURPOSE, row.post_key)
        if refusal is None:
            return redirect("copy-details", reference)
        if refusal.of_network:
            return held_back(request, refusal, reverse("copy-code", args=[reference]))
        form.add_error("code", refusal.sentence)
    return _form_page(request, "code", form, address=address, sent_again=again, row=row)


@page
@never_cache
def details(request: HttpRequest, reference: str) -> HttpResponse:
    """Holder, reasons, document. A document that was taken stays taken when another field has to be mended."""
    try:
        row = _draft(request, reference)
    except RefusedError as error:
        return _begin_again(request, error)
    address = doors.verified_contact(request, PURPOSE)
    if address is None or actions.contact_index(address) != actions.contact_index(row.answers.get("contact", "")):
        return redirect("copy-contact", reference)
    if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_POST:
        too_large = RefusedError(Reason.TOO_LARGE)
        return _refused(request, too_large, reverse("copy-details", args=[reference]), _("Choose another file"), 413)
    if request.method == "POST":
        refusal = doors.may_proceed(request, PURPOSE, row.post_key)
        if refusal is not None:
            return held_back(request, refusal, reverse("copy-details", args=[reference]))
    upload = CopyUpload.objects.filter(request=row).first()
    if request.method == "POST":
        form = DetailsForm(request.POST, request.FILES, kind=row.kind, has_document=upload is not None)
        _take_document(form, row, request)
        if form.is_valid():
            return _receive(request, row, form, address)
        upload = CopyUpload.objects.filter(request=row).first()
        _keep_valid(row, form)
    else:
        form = DetailsForm(kind=row.kind, has_document=upload is not None, initial=row.answers)
    return _form_page(request, "details", form, row=row, upload=upload)


def _take_document(form: DetailsForm, row: CopyRequest, request: HttpRequest) -> None:
    file = request.FILES.get("document")
    form.full_clean()
    if file is None or "document" in form.errors:
        return
    try:
        take_upload(row, file, timezone.now())
    except RefusedError as error:
        form.add_error("document", error.sentence)
        log.info("copy_upload_refused", reason=error.reason.value)


def _keep_valid(row: CopyRequest, form: DetailsForm) -> None:
    good = {name: value for name, value in form.kept().items() if name not in form.errors}
    actions.keep(row, good)


def _receive(request: HttpRequest, row: CopyRequest, form: DetailsForm, address: str) -> HttpResponse:
    actions.keep(row, form.kept())
    try:
        actions.receive(row, contact=address, now=timezone.now())
    except RefusedError as error:
        return _refused(request, error, reverse("copy-start"), _("Begin again"))
    request.session[_RECEIPT] = row.reference
    return redirect("copy-receipt")


@page
@never_cache
def receipt(request: HttpRequest) -> HttpResponse:
    """The reference, and what happens next. The same for everybody: it tells nothing about what the archive holds."""
    reference = request.session.get(_RECEIPT)
    row = CopyRequest.objects.filter(reference=reference).first() if isinstance(reference, str) else None
    if row is None:
        return redirect("copy-start")
    return render(request, "archives/copies/receipt.html", {"row": row})


@page
@never_cache
def delivery(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link of the letter: a fresh code to the same address, then the copy. Opening it does nothing."""
    now = timezone.now()
    try:
        row = deliveries.delivery_of(token, now)
    except RefusedError as error:
        return _refused(request, error, reverse("copy-start"), _("Ask for a copy"), 404)
    address = str(row.request.contact)
    proved = doors.verified_contact(request, DELIVERY)
    if proved is not None and actions.contact_index(proved) == actions.contact_index(address):
        if row.request.erased_on is not None:
            return _refused(request, RefusedError(Reason.GONE), reverse("copy-start"), _("Go back"), 410)
        if request.method == "POST" and "fetch" in request.POST:
            return _hand_over(request, row)
        return render(request, "archives/copies/fetch.html", {"row": row.request, "delivery": row})
    return _prove(request, row, address)


def _prove(request: HttpRequest, row: CopyDelivery, address: str) -> HttpResponse:
    form = CodeForm(request.POST if request.method == "POST" and "send" not in request.POST else None)
    sent = False
    if request.method == "POST":
        refusal = doors.may_proceed(request, DELIVERY, row.request.post_key)
        if refusal is not None:
            return held_back(request, refusal, request.path)
    if request.method == "POST" and "send" in request.POST:
        refusal = doors.send_code(request, address, DELIVERY, row.request.post_key, row.request.language)
        # A second click within the minute: the first one's code is on its way, unless that one was for something else.
        underway = request.session.get(_SENT) == row.pk
        if refusal is not None and not (refusal.reason is doors.Reason.CODE_WAIT and underway):
            return held_back(request, refusal, request.path)
        request.session[_SENT] = row.pk
        sent = True
    elif request.method == "POST" and form.is_valid():
        refusal = doors.check_code(request, address, form.cleaned_data["code"], DELIVERY, row.request.post_key)
        if refusal is None:
            return redirect(request.path)
        form.add_error("code", refusal.sentence)
        sent = True
    # A code that is on its way can be typed after a reload too.
    underway = request.session.get(_SENT) == row.pk
    return _form_page(request, "delivery", form, sent=sent or underway or form.is_bound)


def _hand_over(request: HttpRequest, row: CopyDelivery) -> HttpResponse:
    now = timezone.now()
    try:
        body = facsimile(row.request, now)
        deliveries.count_download(row, now)
    except RefusedError as error:
        return _refused(request, error, reverse("copy-start"), _("Go back"), 410)
    log.info("copy_fetched", request=row.request.pk)
    return HttpResponse(
        body,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{file_name(row.request)}"',
            "Content-Security-Policy": "sandbox",
        },
    )
