"""Who comes to the counter."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from appointments.domain.mrz import MrzError, read_td3
from appointments.domain.people import PersonData
from appointments.forms.countries import CountryField
from appointments.forms.fields import DatePartsField, DocumentNumberField, NameField, PlainField
from appointments.models import Category, Service

OLDEST_YEARS = 120

MRZ_SENTENCES = {
    "line": _("Each line has 44 signs, and the first begins with P. Compare both lines sign by sign, the < included."),
    "number": _("The passport number in the second line does not agree with its check digit. Compare it sign by sign."),
    "birth_date": _(
        "The date of birth in the second line does not agree with its check digit. Compare it sign by sign."
    ),
    "expires": _("The expiry date in the second line does not agree with its check digit. Compare it sign by sign."),
    "personal_number": _("The end of the second line does not agree with its check digit. Compare it sign by sign."),
    "composite": _("The second line does not agree with its last check digit. Compare it sign by sign."),
    "country": _("We do not know the country in these lines. Fill in the form by hand instead."),
    "expired": _("This passport has expired. Come with a valid one, and fill in the form from that."),
}


def _usual_country(service: Service) -> str:
    """Whose passport people mostly hold: a French one where a French one is asked for, else that of the country.

    For papers of civil status both come: nothing is chosen beforehand.
    """
    kinds = {Category.Kind.PASSPORT: "FR", Category.Kind.CIVIL_STATUS: ""}
    return kinds.get(Category.Kind(service.category.kind), service.post.country)


class PersonForm(forms.Form):
    """One person, as in the passport."""

    family_name = NameField(
        label=_("Family name"),
        help_text=_("As in the passport, in Latin letters."),
        max_length=80,
        missing=_("Write the family name."),
        widget=forms.TextInput({"autocomplete": "family-name", "dir": "auto", "spellcheck": "false"}),
    )
    given_names = NameField(
        label=_("Given names"),
        help_text=_("All of them, as in the passport. Leave this empty if the passport holds one name only."),
        max_length=80,
        required=False,
        widget=forms.TextInput({"autocomplete": "given-name", "dir": "auto", "spellcheck": "false"}),
    )
    birth_date = DatePartsField(label=_("Date of birth"), missing=_("Write the date of birth."))
    nationality = CountryField(label=_("Nationality"), error_messages={"required": _("Choose the nationality.")})
    passport_country = CountryField(
        label=_("Country that issued the passport"),
        error_messages={"required": _("Choose the country that issued the passport.")},
    )
    passport_number = DocumentNumberField(
        label=_("Passport number"),
        help_text=_("At the counter it is compared with the passport. It cannot be changed after you send this form."),
        max_length=20,
        missing=_("Write the passport number."),
        widget=forms.TextInput(
            {
                "class": "code",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "dir": "ltr",
                "spellcheck": "false",
            }
        ),
    )
    france_visas = PlainField(
        label=_("France-Visas number"),
        help_text=_("It begins with FRA and stands on the receipt of your France-Visas application."),
        max_length=30,
        missing=_("Write the France-Visas number."),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "dir": "ltr"}),
    )

    def __init__(self, *args: Any, service: Service, today: date, **options: Any) -> None:
        """`today` is the day at the post."""
        super().__init__(*args, **options)
        self.today = today
        for name in ("nationality", "passport_country"):
            self.fields[name].initial = _usual_country(service)
        if not service.asks_france_visas:
            del self.fields["france_visas"]

    def clean_birth_date(self) -> date:
        """A day in the past within a human life. Raises ValidationError."""
        born: date = self.cleaned_data["birth_date"]
        if born > self.today:
            raise ValidationError(_("This date of birth lies in the future."), code="future")
        if born.year < self.today.year - OLDEST_YEARS:
            raise ValidationError(_("This date of birth lies too far back. Check the year."), code="old")
        return born

    def kept(self) -> dict[str, str]:
        """The valid answers as the draft keeps them."""
        return {
            name: value.isoformat() if isinstance(value, date) else value for name, value in self.cleaned_data.items()
        }


def person_of(kept: dict[str, Any]) -> PersonData:
    """The person that a draft keeps."""
    return PersonData(
        family_name=kept["family_name"],
        given_names=kept["given_names"],
        birth_date=date.fromisoformat(kept["birth_date"]),
        nationality=kept["nationality"],
        passport_country=kept["passport_country"],
        passport_number=kept["passport_number"],
        france_visas=kept.get("france_visas", ""),
    )


def _alpha2(code: str) -> str:
    # Doc 9303 part 3 section 5: the lines hold alpha-3 codes; Germany alone is written with one letter.
    found = countries.alpha2({"D": "DEU"}.get(code, code))
    if not found or not code:
        raise MrzError("country")
    return str(found)


class MrzForm(forms.Form):
    """The two machine-readable lines of a passport, to save typing."""

    mrz_1 = PlainField(label=_("First line"), max_length=60, missing=_("Copy the first line."))
    mrz_2 = PlainField(label=_("Second line"), max_length=60, missing=_("Copy the second line."))

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        """`today` is the day at the post."""
        super().__init__(*args, **options)
        self.today = today
        self.read: dict[str, str] = {}
        for field in self.fields.values():
            field.widget.attrs.update(
                {
                    "class": "mrz",
                    "autocomplete": "off",
                    "autocapitalize": "characters",
                    "dir": "ltr",
                    "spellcheck": "false",
                }
            )

    def clean(self) -> dict[str, Any]:
        """Read the lines and verify their check digits. Raises ValidationError."""
        cleaned = super().clean() or {}
        if "mrz_1" not in cleaned or "mrz_2" not in cleaned:
            return cleaned
        try:
            lines = read_td3(cleaned["mrz_1"], cleaned["mrz_2"], today=self.today)
            if lines.expires < self.today:
                raise MrzError("expired")
            self.read = {
                "family_name": lines.family_name,
                "given_names": lines.given_names,
                "birth_date": lines.birth_date.isoformat(),
                "nationality": _alpha2(lines.nationality),
                "passport_country": _alpha2(lines.issuing_country),
                "passport_number": lines.number,
            }
        except MrzError as error:
            self.add_error("mrz_1" if error.field in {"line", "country"} else "mrz_2", MRZ_SENTENCES[error.field])
        return cleaned
