"""What staff do to one visa file: each act one transaction, with a sentence for whoever did it."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.access import scope_of
from archives.actions.change_holder import change_holder
from archives.actions.documents import BeforeFloorError, add_document, delete_document
from archives.actions.links import lift_hold, link_earlier, link_group, set_hold, unlink
from archives.actions.record_event import record_event
from archives.admin.file_forms import STICKER
from archives.copies.uploads import made_safe
from archives.dating import post_day
from archives.domain.holder import Holder
from archives.domain.retention import Event, EventType, read_event
from archives.importing.checking import COLUMNS, check_fields
from archives.importing.wording import sentence
from archives.models import FileDocument, FileLink, VisaFile
from archives.queries.search import search
from archives.sealing import holder_of
from vault.text import latin_digits


class SaidNoError(Exception):
    """The act is not possible; the sentence is for the person."""


def record(request: HttpRequest, file: VisaFile, form: Any, now: datetime) -> str:
    """An event, and what it changes on the sticker. Raises HistoryRefusedError."""
    event = read_event(form.raw(file.category))
    with transaction.atomic():
        changed = record_event(file.pk, event, now, request.user.pk)
        said = {name: form.cleaned_data[name] for name in STICKER} if event.type is EventType.ISSUED else {}
        if sticker := _sticker(event) | {name: value for name, value in said.items() if value}:
            change_holder(changed, replace(holder_of(changed), **sticker), now, request.user.pk)
    if changed.gone_from is None:
        return _("Recorded. The file is not decided, and is not erased by itself.")
    return _("Recorded. The data have to be gone on %(day)s.") % {"day": f"{changed.gone_from:%Y-%m-%d}"}


def _sticker(event: Event) -> dict[str, str]:
    until = {"valid_until": event.valid_until.isoformat()} if event.valid_until else {}
    if event.type is EventType.ISSUED:
        first = {"valid_from": event.valid_from.isoformat()} if event.valid_from else {}
        return {"issued_on": event.date.isoformat()} | first | until
    if event.type in (EventType.EXTENDED, EventType.SHORTENED):
        return until
    shown = {"valid_until": "valid_until", "valid_from": "valid_from", "issue_date": "issued_on"}
    if event.type is EventType.CORRECTED and event.field in shown:
        return {shown[event.field]: event.value or ""}
    return {}


def correct(request: HttpRequest, file: VisaFile, form: Any, now: datetime) -> str:
    """One field of the person's data. Raises SaidNoError, HistoryRefusedError."""
    name, value = form.cleaned_data["field"], latin_digits(form.cleaned_data["value"])
    problems: list[Any] = []
    today = post_day(now, file.post_key)
    check_fields(dict.fromkeys(COLUMNS, "") | {name: value}, today, problems)
    if problems:
        raise SaidNoError(sentence(problems[0][1], problems[0][2]))
    if not value and name in ("family_name", "birth_date"):
        raise SaidNoError(sentence("missing", {}))
    with transaction.atomic():
        event = Event(EventType.CORRECTED, today, field=name, value=value or "-")
        changed = record_event(file.pk, event, now, request.user.pk)
        change_holder(changed, replace(holder_of(changed), **{name: value}), now, request.user.pk)
    return _("Corrected. Whoever received these data before has to be told.")


def hold(request: HttpRequest, file: VisaFile, form: Any, now: datetime) -> str:
    """A hold."""
    said = form.cleaned_data
    today = post_day(now, file.post_key)
    set_hold(file.pk, said["legal_basis"], said["ends_by"], today, now, request.user.pk, said["reason"])
    return _("The hold is set.")


def lift(request: HttpRequest, file: VisaFile, form: Any, now: datetime) -> str:
    """The hold ends. Raises HistoryRefusedError where there is none."""
    lift_hold(file.pk, post_day(now, file.post_key), now, request.user.pk)
    return _("The hold is lifted.")


def document(request: HttpRequest, file: VisaFile, form: Any, now: datetime) -> str:
    """A document, made anew from its pictures and sealed. Raises archives.copies.refusals.RefusedError."""
    made, pages, scanned = made_safe(form.cleaned_data["document"])
    add_document(file, form.cleaned_data["kind"], "application/pdf", made, now)
    said = _("The document was stored, with %(pages)s pages.") % {"pages": pages}
    return said if scanned else said + " " + _("It was not scanned for viruses: no scanner is configured.")


def drop_document(request: HttpRequest, file: VisaFile, form: forms.Form, now: datetime) -> str:
    """Delete a document after the floor of the Visa Code. Raises SaidNoError with the day until which it stays."""
    row = FileDocument.objects.filter(file=file, pk=_number(request)).first()
    if row is None:
        raise SaidNoError(_("This document is not there any more."))
    try:
        delete_document(row, now)
    except BeforeFloorError as error:
        if error.until is None:
            raise SaidNoError(_("The file is not decided: its documents stay (Visa Code art. 37(3)).")) from error
        day = f"{error.until:%Y-%m-%d}"
        raise SaidNoError(_("The documents stay until %(day)s (Visa Code art. 37(3)).") % {"day": day}) from error
    return _("The document was deleted.")


def link(request: HttpRequest, file: VisaFile, form: Any, now: datetime) -> str:
    """Connect two files of one's own posts. Raises SaidNoError, alike for unknown and foreign files."""
    rows = search(scope_of(request.user), file_number=form.cleaned_data["file_number"]).rows
    other = next((one.file for one in rows if one.file.pk != file.pk), None)
    if other is None:
        raise SaidNoError(_("No other file of your posts has this number."))
    if form.cleaned_data["kind"] == FileLink.Kind.GROUP:
        link_group([file.pk, other.pk])
    else:
        if (other.created_on or date.max) > (file.created_on or date.max):
            raise SaidNoError(_("That file is the later one: open it, and link this one as its earlier file."))
        link_earlier(other.pk, file.pk)
    return _("The files are linked. The link goes with the first of them.")


def drop_link(request: HttpRequest, file: VisaFile, form: forms.Form, now: datetime) -> str:
    """A link made by mistake. Raises SaidNoError."""
    row = FileLink.objects.filter(pk=_number(request)).first()
    if row is None or file.pk not in (row.first_id, row.second_id):
        raise SaidNoError(_("This link is not there any more."))
    unlink(row)
    return _("The link was removed.")


def _number(request: HttpRequest) -> int:
    typed = request.POST.get("number", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else 0


def known_holder(file: VisaFile) -> Holder | None:
    """The holder where the key is there."""
    from vault.cipher import UnreadableError

    try:
        return holder_of(file)
    except UnreadableError:
        return None
