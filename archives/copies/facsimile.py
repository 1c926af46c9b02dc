"""The facsimile: what stands on the sticker, marked so that it can never pass for a visa. Made when it is fetched."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from appointments.confirmation.document import typeset
from appointments.domain.references import spoken
from archives.copies.refusals import Reason, RefusedError
from archives.domain.holder import Holder
from archives.models import CopyRequest, VisaFile
from archives.sealing import holder_of
from vault.cipher import UnreadableError
from vault.text import canonical

SOURCE = Path(__file__).with_name("facsimile.typ")


def _labels() -> list[tuple[str, str]]:
    """Every field of the sticker and of the file, in the order in which it is read."""
    return [
        ("visa_number", _("Number of the visa")),
        ("category", _("Type of visa")),
        ("territory", _("Valid for")),
        ("valid_from", _("From")),
        ("valid_until", _("Until")),
        ("entries", _("Number of entries")),
        ("duration_days", _("Duration of stay (days)")),
        ("issued_at", _("Issued in")),
        ("issued_on", _("On")),
        ("passport_number", _("Number of the passport")),
        ("passport_country", _("Issued by")),
        ("passport_valid_until", _("Passport valid until")),
        ("family_name", _("Surname")),
        ("given_names", _("Given names")),
        ("birth_date", _("Date of birth")),
        ("birth_place", _("Place of birth")),
        ("birth_country", _("Country of birth")),
        ("sex", _("Sex")),
        ("nationality", _("Nationality")),
        ("purpose", _("Purpose of the journey")),
        ("file_number", _("Number of the file")),
        ("remarks", _("Remarks")),
    ]


def fields_of(holder: Holder, category: str) -> list[dict[str, str]]:
    """Label and value of everything the file holds; what it does not hold is left out, never invented."""
    values = {**holder.as_mapping(), "category": category}
    return [
        {"key": key, "label": label, "value": canonical(values[key])} for key, label in _labels() if values.get(key)
    ]


def requester_words(request: CopyRequest) -> str:
    """Who asked, as it stands across the page."""
    answers: dict[str, Any] = request.answers
    names = [answers.get(name, "") for name in ("requester_name", "bar", "service")]
    if request.kind == CopyRequest.Kind.HOLDER:
        names = [f"{answers.get('given_names', '')} {answers.get('family_name', '')}"]
    return canonical(", ".join(name for name in names if name.strip()))


def facsimile(request: CopyRequest, now: datetime) -> bytes:
    """The PDF of a granted request, tagged for screen readers.

    Raises:
        RefusedError: GONE where the file or its key does not exist any more: nothing can be shown after erasure.
    """
    file = VisaFile.objects.filter(pk=request.file_id).first() if request.file_id else None
    if file is None:
        raise RefusedError(Reason.GONE)
    try:
        holder = holder_of(file)
    except UnreadableError as error:
        raise RefusedError(Reason.GONE) from error
    with translation.override(request.language):
        data = {
            "language": request.language,
            "title": _("Facsimile of an issued visa"),
            "fields": fields_of(holder, file.category),
            "asked_by": _("Made for %(who)s, on %(day)s, reference %(reference)s")
            % {"who": requester_words(request), "day": f"{now:%Y-%m-%d}", "reference": spoken(request.reference)},
            "explanation": _(
                "This page shows what the consulate’s archive holds about a visa that it issued. It is no visa, gives "
                "no right to enter or stay, and is no attestation."
            ),
            "marks": [
                "FAC-SIMILÉ – N’EST PAS UN VISA VALABLE",
                "نسخة طبق الأصل – ليست تأشيرة صالحة",
                "FACSIMILE – NOT A VALID VISA",
            ],
            "watermark": f"{requester_words(request)} · {now:%Y-%m-%d} · {spoken(request.reference)}",
        }
    return typeset(SOURCE, data, now)


def file_name(request: CopyRequest) -> str:
    """The name under which it is saved."""
    return f"facsimile-{spoken(request.reference)}.pdf"
