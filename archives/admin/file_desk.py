"""The desk of one visa file: events, corrections, hold, documents, links; one page, one act at a time."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import ARCHIVE, may
from accounts.journal import record
from accounts.models import AccessRecord, User
from accounts.site import staff_site
from archives.actions.documents import read_document
from archives.actions.record_event import FileGoneError
from archives.admin import file_acts
from archives.admin.file_forms import CorrectionForm, DocumentForm, EventForm, HoldForm, LiftForm, LinkForm
from archives.admin.files import countdown
from archives.admin.words import BASES, DOCUMENTS, LINKS, refusal_in_words, words_of
from archives.copies.refusals import RefusedError
from archives.dating import erasure_day, post_day
from archives.domain.retention import HistoryRefusedError
from archives.models import FileDocument, FileEvent, FileLink, Hold, ProcessingRecord, VisaFile
from vault.cipher import UnreadableError

Act = Callable[[HttpRequest, VisaFile, Any, datetime], str]
ACTS: dict[str, tuple[type[forms.Form], Act]] = {
    "record": (EventForm, file_acts.record),
    "correct": (CorrectionForm, file_acts.correct),
    "hold": (HoldForm, file_acts.hold),
    "lift": (LiftForm, file_acts.lift),
    "document": (DocumentForm, file_acts.document),
    "drop_document": (LiftForm, file_acts.drop_document),
    "link": (LinkForm, file_acts.link),
    "drop_link": (LiftForm, file_acts.drop_link),
}


def _file(request: HttpRequest, file_id: uuid.UUID) -> VisaFile:
    """A file of one's own posts; a foreign one is as absent as an erased one."""
    file = VisaFile.objects.filter(pk=file_id).first()
    if file is None or not may(request.user, ARCHIVE, file.post_key):
        raise Http404
    return file


def _form(act: str, file: VisaFile, now: datetime, request: HttpRequest | None = None) -> forms.Form:
    kind = ACTS[act][0]
    extra: dict[str, Any] = {"today": post_day(now, file.post_key)} if kind is HoldForm else {}
    if request is None:
        return kind(prefix=act, **extra)
    return kind(request.POST, request.FILES, prefix=act, **extra)


@staff_site.page("archives/file/<uuid:file_id>/", name="archives_file", verb=ARCHIVE, step_up=True)
@require_http_methods(["GET", "HEAD", "POST"])
def file_desk(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Everything about one file, and what can be done with it. Each look and each act is recorded."""
    file, now = _file(request, file_id), timezone.now()
    shown = {act: _form(act, file, now) for act in ("record", "correct", "hold", "document", "link")}
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act not in ACTS:
            return HttpResponseRedirect(request.path)
        form = _form(act, file, now, request)
        if form.is_valid() and _do(request, act, file, form, now):
            return HttpResponseRedirect(request.path)
        shown[act] = form
    return _page(request, file, shown, now)


def _do(request: HttpRequest, act: str, file: VisaFile, form: forms.Form, now: datetime) -> bool:
    """Carry out one act; False: the form says why not."""
    try:
        said = ACTS[act][1](request, file, form, now)
    except HistoryRefusedError as refused:
        form.add_error(None, refusal_in_words(refused))
    except RefusedError as refused:
        form.add_error(None, str(refused.sentence))
    except file_acts.SaidNoError as refused:
        form.add_error(None, str(refused))
    except (FileGoneError, UnreadableError) as gone:
        raise Http404 from gone
    else:
        reference = f"visa file {file.pk}: {act}"
        record(request.user, AccessRecord.Action.CHANGE, reference, now=now, post_key=file.post_key)
        messages.success(request, said)
        return True
    if act not in ("record", "correct", "hold", "document", "link"):  # its form has no place on the page
        messages.error(request, " ".join(map(str, form.non_field_errors())))
        return True
    return False


def _page(request: HttpRequest, file: VisaFile, shown: dict[str, forms.Form], now: datetime) -> HttpResponse:
    holder = file_acts.known_holder(file)
    ProcessingRecord.objects.create(
        file_ref=file.pk,
        post_key=file.post_key,
        purpose=ProcessingRecord.Purpose.CONSULTATION,
        kind_of_data="whole_file",
        actor=request.user.pk,
        at=now,
    )
    record(request.user, AccessRecord.Action.READ, f"visa file {file.pk}", now=now, post_key=file.post_key)
    context = staff_site.each_context(request) | {
        "title": _("Visa file"),
        "file": file,
        "holder": holder,
        "forms": shown,
        "countdown": countdown(file, erasure_day(now)),
        "events": [(words_of(row.type), row) for row in FileEvent.objects.filter(file=file).order_by("date", "id")],
        "documents": [(DOCUMENTS[row.kind], row) for row in FileDocument.objects.filter(file=file).order_by("pk")],
        "links": _links(request, file),
        "hold": _hold(file),
        "erased": now.date() >= file.gone_from if file.gone_from else False,
    }
    answer = render(request, "archives/admin/file.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _links(request: HttpRequest, file: VisaFile) -> list[dict[str, Any]]:
    """What is linked; a file of another post is said to exist and not shown."""
    found = []
    for row in FileLink.objects.filter(first=file) | FileLink.objects.filter(second=file):
        other = VisaFile.objects.get(pk=row.second_id if row.first_id == file.pk else row.first_id)
        own = may(request.user, ARCHIVE, other.post_key)
        holder = file_acts.known_holder(other) if own else None
        found.append({"row": row, "kind": LINKS[row.kind], "holder": holder, "other": other if own else None})
    return found


def _hold(file: VisaFile) -> dict[str, Any] | None:
    row = Hold.objects.filter(file=file).first()
    if row is None:
        return None
    author = User.objects.filter(pk=row.set_by or 0).values_list("username", flat=True).first()
    return {"row": row, "basis": BASES[row.legal_basis], "author": author or "–"}


@staff_site.page("archives/file/<uuid:file_id>/document/<int:document_id>/", name="archives_document", verb=ARCHIVE)
@require_safe
def document(request: HttpRequest, file_id: uuid.UUID, document_id: int) -> HttpResponse:
    """A document of the file: saved, never shown inside our own origin."""
    file = _file(request, file_id)
    row = FileDocument.objects.filter(file=file, pk=document_id).first()
    if row is None:
        raise Http404
    try:
        body = read_document(row)
    except UnreadableError as gone:
        raise Http404 from gone
    except FileNotFoundError as gone:
        raise PermissionDenied from gone
    now, subject = timezone.now(), f"document {row.pk} of visa file {file.pk}"
    record(request.user, AccessRecord.Action.READ, subject, now=now, post_key=file.post_key)
    return HttpResponse(
        body,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{row.kind}-{row.pk}.pdf"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "no-store",
        },
    )


def desk_address(file: VisaFile) -> str:
    """The way to a file's desk."""
    return reverse("admin:archives_file", args=[file.pk])
