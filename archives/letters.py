"""The answer to a wish about one's data, to the address that made it."""

from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from archives.models import DataRequest
from mailroom.renderers import Envelope, renderer


@renderer("data_answered")
def answered(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """`subject_key` is the number of the request."""
    row = DataRequest.objects.filter(pk=subject_key, answered_at__isnull=False).first()
    if row is None or not row.answer:
        return None
    with translation.override(row.language):
        context = {
            "paragraphs": [
                _("You asked us on %(day)s to correct or to erase your data. This is the answer:")
                % {"day": f"{row.made_at:%Y-%m-%d}"},
                row.answer,
                _("If you do not agree, you can turn to the data protection authority (in France: the CNIL)."),
            ],
            "reference": str(row.pk),
            "language": row.language,
            "direction": "rtl" if row.language == "ar" else "ltr",
        }
        return Envelope(
            to=str(row.contact),
            subject=_("Your data: the answer to your request"),
            text=render_to_string("archives/copies/mail.txt", context),
            html=render_to_string("archives/copies/mail.html", context),
            language=row.language,
        )
