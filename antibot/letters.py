"""Letters that antibot writes."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from antibot.models import Appeal
from mailroom.renderers import Envelope, renderer


@renderer("one_time_code")
def one_time_code(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """The letter with a code; nothing once the payload is gone."""
    if not payload:
        return None
    language = str(payload["language"])
    with translation.override(language):
        context = {"code": payload["code"], "minutes": payload["minutes"], "purpose": payload["purpose"]}
        return Envelope(
            to=str(payload["contact"]),
            subject=_("%(code)s is your code") % {"code": payload["code"]},
            text=render_to_string("antibot/mail/one_time_code.txt", context),
            html=render_to_string("antibot/mail/one_time_code.html", context),
            language=language,
        )


@renderer("appeal_answer")
def appeal_answer(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """The decision on an objection."""
    appeal = Appeal.objects.filter(pk=subject_key).first()
    if appeal is None or not appeal.contact or appeal.state == Appeal.State.OPEN:
        return None
    with translation.override(appeal.language):
        context = {"appeal": appeal, "granted": appeal.state == Appeal.State.GRANTED}
        return Envelope(
            to=str(appeal.contact),
            subject=_("Your objection %(reference)s") % {"reference": appeal.reference},
            text=render_to_string("antibot/mail/appeal_answer.txt", context),
            language=appeal.language,
        )
