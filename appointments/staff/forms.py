"""Forms of the desk: who comes, for what, when."""

from datetime import date, time
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from appointments.domain.people import PersonData
from appointments.domain.wishes import Wishes
from appointments.forms.countries import CountryField
from appointments.models import Post, Service, TillReceipt
from appointments.models.hours import WEEKDAYS
from appointments.staff.till import Handed
from vault.text import canonical, document_number, latin_digits

_LANGUAGES = [("fr", "Français"), ("ar", "العربية"), ("en", "English")]


class PersonForm(forms.Form):
    """Somebody as the passport on the desk says."""

    family_name = forms.CharField(label=_("Family name"), max_length=100)
    given_names = forms.CharField(label=_("Given names"), max_length=100)
    birth_date = forms.DateField(label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date"}))
    nationality = CountryField(label=_("Nationality"))
    passport_country = CountryField(label=_("Country of the passport"))
    passport_number = forms.CharField(label=_("Passport number"), max_length=20)
    france_visas = forms.CharField(label=_("France-Visas number"), max_length=30, required=False)

    def clean_family_name(self) -> str:
        """Not only signs that nobody sees."""
        return self._visible("family_name")

    def clean_given_names(self) -> str:
        """Not only signs that nobody sees."""
        return self._visible("given_names")

    def clean_passport_number(self) -> str:
        """Letters and digits."""
        number = document_number(self.cleaned_data["passport_number"])
        if not 5 <= len(number) <= 20:
            raise forms.ValidationError(_now("A passport number has at least five letters or digits."))
        return number

    def clean_birth_date(self) -> date:
        """In the past, and of somebody who can be alive."""
        day: date = self.cleaned_data["birth_date"]
        if not date(1900, 1, 1) <= day <= date.today():  # noqa: DTZ011 - a birthday has no time zone
            raise forms.ValidationError(_now("Check the date of birth."))
        return day

    def _visible(self, name: str) -> str:
        text = canonical(self.cleaned_data[name])
        if not any(c.isalpha() for c in text):
            raise forms.ValidationError(_now("Write the name as it stands in the passport."))
        return text

    def person(self) -> PersonData:
        """The cleaned person."""
        return PersonData(**{name: self.cleaned_data[name] for name in PersonData.__dataclass_fields__})


class _People(BaseFormSet):
    def people(self) -> list[PersonData]:
        """Everybody who was filled in."""
        return [form.person() for form in self.forms if form.has_changed()]

    def clean(self) -> None:
        """At least one person; the first one is never optional."""
        if not any(form.has_changed() for form in self.forms):
            raise forms.ValidationError(_now("Fill in at least one person."))


def people_forms(post: Post, most: int, data: Any = None) -> Any:
    """Forms for up to `most` people; empty ones at the end do not count, and stay folded until somebody wants them."""
    made = forms.formset_factory(
        PersonForm, formset=_People, extra=0, min_num=most, max_num=most, absolute_max=most, validate_max=True
    )
    usual = {"nationality": post.country, "passport_country": post.country}
    formset = made(data, prefix="people", initial=[dict(usual) for _ in range(most)])
    filled = [number for number, form in enumerate(formset.forms) if data is not None and form.has_changed()]
    for number, form in enumerate(formset.forms):
        form.unfolded = number <= max(filled, default=0)
        form.empty_permitted = True
        form.use_required_attribute = False
    return formset


class SlotForm(forms.Form):
    """A free slot of today, and how its fee was paid."""

    slot = forms.ChoiceField(label=_("Free slot"))
    paid_with = forms.ChoiceField(
        label=_("Service fee paid with"),
        choices=[("", _("nothing: this service has no fee")), *TillReceipt.Method.choices],
        required=False,
    )
    voucher = forms.CharField(
        label=_("Code of the voucher"), max_length=40, required=False, widget=forms.TextInput(attrs={"dir": "ltr"})
    )

    def __init__(self, *args: Any, slots: list[tuple[str, str]], **kwargs: Any) -> None:
        """`slots`: (primary key, words) of what is free."""
        super().__init__(*args, **kwargs)
        self.fields["slot"].choices = slots  # type: ignore[attr-defined]

    def handed(self, by: str) -> Handed:
        """What the person paid with; `by` took it."""
        return Handed(self.cleaned_data["paid_with"], self.cleaned_data["voucher"], by)


class WalkInForm(SlotForm):
    """The same, for somebody who has no request yet."""

    contact = forms.EmailField(label=_("E-mail, if there is one"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES)


class DeskForm(forms.Form):
    """What somebody without internet asks for, in the same draw as everybody."""

    service = forms.ModelChoiceField(label=_("Service"), queryset=Service.objects.none())
    contact = forms.CharField(
        label=_("E-mail of the person or of somebody they trust, if there is one"),
        required=False,
        max_length=200,
        help_text=_(
            "Without one, letters cannot be sent: the person comes back with the receipt, or asks by telephone."
        ),
    )
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES)
    first_day = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}))
    earliest = forms.TimeField(
        label=_("Not before"), initial=time(8, 0), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    latest = forms.TimeField(
        label=_("Not after"), initial=time(18, 0), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"), choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple, initial=list(range(7))
    )
    short_notice = forms.BooleanField(label=_("Can come at short notice"), required=False)
    urgent = forms.BooleanField(
        label=_("Urgent or privileged case (family of an EU citizen, medical)"),
        required=False,
        help_text=_("You have seen the proof. The share of urgent places is published."),
    )

    def __init__(self, *args: Any, services: Any, may_urgent: bool, **kwargs: Any) -> None:
        """`services`: what may be chosen; `may_urgent`: whether this person may grant the urgent quota."""
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = services  # type: ignore[attr-defined]
        if not may_urgent:
            del self.fields["urgent"]

    def clean_contact(self) -> str:
        """An address, or nothing."""
        text = latin_digits(canonical(self.cleaned_data["contact"]))
        if text:
            forms.EmailField().clean(text)
        return text

    def wishes(self) -> Wishes:
        """The cleaned days and hours."""
        data = self.cleaned_data
        return Wishes(
            data["first_day"],
            data["last_day"],
            data["earliest"],
            data["latest"],
            sum(1 << day for day in data["weekdays"]),
            data["short_notice"],
        )
