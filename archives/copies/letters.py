"""Letters about requests for a copy; the subject begins as the consulate asks: Demande de copie de visa."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from appointments.domain.references import spoken
from appointments.wording import day_in_full
from archives.models import CopyRequest
from mailroom.renderers import Envelope, renderer

SUBJECT = "Demande de copie de visa"
CADA = "https://www.cada.fr"


def _row(reference: str, *states: str) -> CopyRequest | None:
    return CopyRequest.objects.filter(reference=reference, state__in=states).first()


def _envelope(row: CopyRequest, paragraphs: list[str], *, link: str = "", link_words: str = "") -> Envelope:
    context = {
        "paragraphs": paragraphs,
        "reference": spoken(row.reference),
        "address": settings.PUBLIC_ORIGIN + link if link else "",
        "link_words": link_words,
        "language": row.language,
        "direction": "rtl" if row.language == "ar" else "ltr",
    }
    return Envelope(
        to=str(row.contact),
        subject=f"{SUBJECT} – {spoken(row.reference)}",
        text=render_to_string("archives/copies/mail.txt", context),
        html=render_to_string("archives/copies/mail.html", context),
        language=row.language,
    )


def _silence(row: CopyRequest) -> str:
    return _(
        "If you have no answer by %(day)s, this silence is a refusal (CRPA art. R.311-12 and R.311-13). You can then "
        "ask the commission on access to administrative documents (CADA, %(cada)s) within two months."
    ) % {"day": day_in_full(row.deadline) if row.deadline else "–", "cada": CADA}


@renderer("copy_received")
def received(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """The receipt."""
    row = _row(subject_key, "received", "proposed")
    if row is None:
        return None
    with translation.override(row.language):
        return _envelope(
            row,
            [
                _("We have received your request for a copy of a visa. A person at the consulate will look at it."),
                _silence(row),
                _(
                    "The copy of the identity document is deleted as soon as the identity is verified. "
                    "An attestation cannot be given: no text provides for one."
                ),
            ],
        )


@renderer("copy_granted")
def granted(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """The way to the copy."""
    row = _row(subject_key, "granted")
    if row is None or not payload:
        return None
    with translation.override(row.language):
        return _envelope(
            row,
            [
                _("Your request was granted. You can fetch the copy with the link below for fourteen days."),
                _("A code is sent to this address before the copy opens. Nobody else can open it with the link alone."),
            ],
            link=reverse("copy-delivery", args=[payload["token"]]),
            link_words=_("Fetch the copy"),
        )


@renderer("copy_refused")
def refused(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """The refusal with its reason, and what can be done against it."""
    row = _row(subject_key, "refused")
    if row is None:
        return None
    with translation.override(row.language):
        return _envelope(
            row,
            [
                _("Your request for a copy of a visa was refused, for this reason:"),
                reason_in_words(row),
                _(
                    "You can ask the commission on access to administrative documents (CADA, %(cada)s) within two "
                    "months of this letter. It has to be asked before a court can be."
                )
                % {"cada": CADA},
            ],
        )


def reason_in_words(row: CopyRequest) -> str:
    """The reason of a refusal as the requester reads it."""
    words = {
        "erased": _(
            "The data of this visa were erased, as the law asks: five years after the visa expired or after the "
            "decision (Regulation (EC) No 767/2008, art. 23). A copy can no longer be made."
        ),
        "not_issued": _("This consulate did not issue the visa. Only the consulate that issued it can give a copy."),
        "identity": _("The identity could not be established with the document that was sent."),
        "not_entitled": _("Only the holder in person, the holder’s lawyer or a prefecture can be given a copy."),
        "not_found": _("Nothing was found with what you wrote. Check names, date of birth and numbers."),
    }
    text = words.get(row.refusal, "")
    if row.refusal == CopyRequest.Refusal.ERASED and row.erased_on:
        day = _("This took place on %(day)s.") % {"day": day_in_full(row.erased_on)}
        text = f"{text} {day}"
    return f"{text} {row.refusal_text or ''}".strip()
