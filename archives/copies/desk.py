"""The desk of a request for a copy: document, identity, file, decision; one page, one act at a time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import scope_of
from accounts.journal import record
from accounts.models import AccessRecord
from appointments.forms.fields import PlainField
from archives.copies import actions
from archives.copies.deliveries import send_link
from archives.copies.forms import DetailsForm
from archives.copies.refusals import RefusedError
from archives.models import CopyRequest, CopyUpload, ProcessingRecord, VisaFile
from archives.queries.search import Answer, search
from archives.sealing import holder_of
from vault.cipher import UnreadableError

LONGEST_TEXT = 1500


class IdentityForm(forms.Form):
    """How the identity was verified; the document goes with it."""

    how = PlainField(label=gettext_lazy("How the identity was verified"), max_length=200)


class SearchForm(forms.Form):
    """What to look for."""

    name = PlainField(label=gettext_lazy("Name"), max_length=120, required=False)
    birth_date = forms.DateField(
        label=gettext_lazy("Date of birth"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    passport = PlainField(label=gettext_lazy("Passport number"), max_length=20, required=False)
    visa_number = PlainField(label=gettext_lazy("Visa number"), max_length=20, required=False)

    def clean_birth_date(self) -> str:
        """As the archive writes it."""
        day = self.cleaned_data["birth_date"]
        return day.isoformat() if day else ""


class RefusalForm(forms.Form):
    """Why not."""

    refusal = forms.ChoiceField(label=gettext_lazy("Reason"), choices=CopyRequest.Refusal.choices)
    text = forms.CharField(
        label=gettext_lazy("In words (needed for another reason)"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea({"rows": "3"}),
    )

    def clean(self) -> dict[str, Any]:
        """Another reason has to be written out."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("refusal") == CopyRequest.Refusal.OTHER and not values.get("text", "").strip():
            self.add_error("text", _("Write the reason."))
        return values


def _identify(request: HttpRequest, row: CopyRequest, by: str) -> str:
    form = IdentityForm(request.POST)
    if not form.is_valid():
        return _("Write how the identity was verified.")
    actions.identify(row, how=form.cleaned_data["how"], by=by, now=timezone.now())
    return _("Identity verified; the copy of the document was deleted.")


def _named(typed: str) -> VisaFile | None:
    try:
        return VisaFile.objects.filter(pk=uuid.UUID(typed)).first()
    except ValueError:
        return None


def _match(request: HttpRequest, row: CopyRequest, by: str) -> str:
    scope = scope_of(request.user)
    file = _named(request.POST.get("file", ""))
    if file is None or not scope.covers(file.post_key):
        return _("This file is not there any more.")
    actions.match(row, file)
    return _("File chosen.")


def _grant(request: HttpRequest, row: CopyRequest, by: str) -> str:
    actions.propose(row, grant=True, by=by, now=timezone.now())
    return _("Copy granted.") if row.state == CopyRequest.State.GRANTED else _("Proposed. A second person decides.")


def _refuse(request: HttpRequest, row: CopyRequest, by: str) -> str:
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _("Choose a reason, and write it out where none of the others fits.")
    values = form.cleaned_data
    actions.propose(row, grant=False, by=by, now=timezone.now(), refusal=values["refusal"], text=values["text"].strip())
    return _("Refused.") if row.state == CopyRequest.State.REFUSED else _("Proposed. A second person decides.")


def _decide(request: HttpRequest, row: CopyRequest, by: str) -> str:
    actions.decide(row, by=by, now=timezone.now())
    return _("Decided. The letter is on its way.")


def _send_back(request: HttpRequest, row: CopyRequest, by: str) -> str:
    actions.send_back(row)
    return _("Sent back.")


def _new_link(request: HttpRequest, row: CopyRequest, by: str) -> str:
    if row.state == CopyRequest.State.GRANTED:
        send_link(row, timezone.now())
    return _("A new link is on its way; the old one has ended.")


ACTS: dict[str, Callable[[HttpRequest, CopyRequest, str], str]] = {
    "identify": _identify,
    "match": _match,
    "grant": _grant,
    "refuse": _refuse,
    "decide": _decide,
    "send_back": _send_back,
    "new_link": _new_link,
}


def _looked_for(request: HttpRequest, form: SearchForm) -> Answer | None:
    """Files that fit what was typed; by POST, so that no name stands in an address, a history or a log."""
    if not form.is_valid():
        return None
    answer = search(scope_of(request.user), **form.cleaned_data)
    record(request.user, AccessRecord.Action.SEARCH, "visa files for a copy", now=timezone.now(), rows=len(answer.rows))
    return answer


def _act(request: HttpRequest, row: CopyRequest) -> HttpResponse:
    act = ACTS.get(request.POST.get("act", ""))
    try:
        if act is not None:
            messages.info(request, act(request, row, request.user.get_username()))
    except RefusedError as error:
        messages.error(request, str(error.sentence))
    return HttpResponseRedirect(request.path)


def desk(request: HttpRequest, row: CopyRequest, context: dict[str, Any]) -> HttpResponse:
    """The page, and its acts. The caller has checked the right to decide on this row."""
    looks = request.method == "POST" and request.POST.get("act") == "look"
    if request.method == "POST" and not looks:
        return _act(request, row)
    record(request.user, AccessRecord.Action.READ, row.reference, now=timezone.now(), post_key=row.post_key)
    form = SearchForm(request.POST) if looks else SearchForm(initial=_asked(row))
    answer = _looked_for(request, form) if looks else None
    file, holder = VisaFile.objects.filter(pk=row.file_id).first() if row.file_id else None, None
    if file is not None:
        try:
            holder = holder_of(file)
        except UnreadableError:
            file = None
        else:
            _processed(request, row, file)
    shown = {
        **context,
        "row": row,
        "answers": _in_words(row),
        "proposal": _("grant the copy") if row.proposal == "grant" else _("refuse"),
        "upload": CopyUpload.objects.filter(request=row).first(),
        "search_form": form,
        "found": answer,
        "file": file,
        "holder": holder,
        "identity_form": IdentityForm(),
        "refusal_form": RefusalForm(initial={"refusal": CopyRequest.Refusal.ERASED} if row.erased_on else None),
        "days_left": actions.days_left(row.deadline, timezone.now()),
    }
    return render(request, "archives/copies/admin/desk.html", shown)


def _asked(row: CopyRequest) -> dict[str, str]:
    """What to look for first: what the requester wrote."""
    said = row.answers
    return {
        "name": f"{said.get('family_name', '')} {said.get('given_names', '')}".strip(),
        "birth_date": said.get("birth_date", ""),
        "passport": said.get("passport_number", ""),
        "visa_number": said.get("visa_number", ""),
    }


def _in_words(row: CopyRequest) -> list[tuple[str, str]]:
    """Every answer under the words of its question, in the order of the form."""
    fields = DetailsForm(kind=row.kind, has_document=True).fields
    return [(str(field.label), row.answers[name]) for name, field in fields.items() if row.answers.get(name)]


def _processed(request: HttpRequest, row: CopyRequest, file: VisaFile) -> None:
    """Art. 34 of the VIS Regulation: who looked at which kind of data, for what, when."""
    ProcessingRecord.objects.create(
        file_ref=file.pk,
        post_key=file.post_key,
        purpose=ProcessingRecord.Purpose.COPY,
        kind_of_data="holder_and_sticker",
        actor=request.user.pk,
        at=timezone.now(),
    )
