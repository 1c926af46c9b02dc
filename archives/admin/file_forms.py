"""What staff may enter about one visa file."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.forms.fields import PlainField
from archives.admin.words import BASES, CORRECTABLE_DAYS, DOCUMENTS, EVENTS, HOLDER_FIELDS, LINKS
from archives.domain.holder import Holder
from archives.domain.retention import EventType
from archives.domain.retention.history import WITHOUT_EFFECT

DAY = {"type": "date"}
# A file is created by its import; holds and links have forms of their own.
RECORDED = [kind for kind in EVENTS if kind is not EventType.FILE_CREATED]
# What the sticker of an issued visa says besides its dates.
STICKER = ("visa_number", "entries", "duration_days")


def _day(label: Any, *, required: bool = False) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))


class EventForm(forms.Form):
    """A decision, an appeal, a ruling; which of the other fields count depends on the event."""

    type = forms.ChoiceField(label=_("What happened"), choices=[("", "–"), *((k.value, EVENTS[k]) for k in RECORDED)])
    date = _day(_("On"), required=True)
    valid_from = _day(_("Visa valid from"))
    valid_until = _day(_("Visa valid until"))
    visa_number = PlainField(label=_("Number of the visa"), max_length=20, required=False)
    entries = PlainField(label=_("Number of entries"), max_length=10, required=False)
    duration_days = PlainField(label=_("Duration of stay (days)"), max_length=5, required=False)
    field = forms.ChoiceField(
        label=_("Date that is corrected"), choices=[("", "–"), *CORRECTABLE_DAYS.items()], required=False
    )
    value = _day(_("Right date"))

    def raw(self, category: str) -> dict[str, Any]:
        """The event as the rules read it."""
        values = self.cleaned_data
        raw: dict[str, Any] = {"type": values["type"], "date": values["date"]}
        raw |= {name: values[name] for name in ("valid_from", "valid_until") if values[name]}
        if values["type"] == EventType.ISSUED:
            raw["category"] = category
        if values["type"] == EventType.CORRECTED:
            raw |= {"field": values["field"], "value": values["value"] and values["value"].isoformat()}
        return raw


class CorrectionForm(forms.Form):
    """One field of the person's data, as it should be (art. 24; GDPR art. 16)."""

    field = forms.ChoiceField(
        label=_("What is corrected"),
        choices=[(name, HOLDER_FIELDS[name]) for name in Holder.names() if name in WITHOUT_EFFECT],
    )
    value = PlainField(label=_("As it should be"), max_length=500, required=False)


class HoldForm(forms.Form):
    """A claim or an order of a court."""

    legal_basis = forms.ChoiceField(label=_("Legal basis"), choices=list(BASES.items()))
    reason = PlainField(label=_("Reason, with the reference of the case"), max_length=300)
    ends_by = _day(_("Last day of the hold"), required=True)

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        """`today` is the day at the post."""
        super().__init__(*args, **options)
        self._today = today

    def clean_ends_by(self) -> date:
        """A hold that has ended keeps nothing; one without a near end keeps too much."""
        day: date = self.cleaned_data["ends_by"]
        if day <= self._today:
            raise forms.ValidationError(_("The last day of a hold lies in the future."))
        if day.year > self._today.year + 10:
            raise forms.ValidationError(_("A hold lasts ten years at most. It can be set again."))
        return day


class LiftForm(forms.Form):
    """The claim is over."""


class DocumentForm(forms.Form):
    """A document of the individual file."""

    kind = forms.ChoiceField(label=_("Kind of document"), choices=list(DOCUMENTS.items()))
    document = forms.FileField(
        label=_("PDF, JPEG or PNG, at most 8 megabytes"),
        widget=forms.ClearableFileInput({"accept": "application/pdf,image/jpeg,image/png"}),
    )


class LinkForm(forms.Form):
    """Another file of one's own posts, by its number."""

    kind = forms.ChoiceField(label=_("Connection"), choices=list(LINKS.items()))
    file_number = PlainField(label=_("Number of the other file"), max_length=40)
