"""Letters that antibot writes."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

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
