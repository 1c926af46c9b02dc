"""Fields that accept what phones and keyboards really send."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from vault.text import canonical, document_number, latin_digits

# Unicode TR 9: these change the order in which the neighbouring text is shown, so that a name could read as another.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def refuse_hidden(value: str) -> None:
    """Refuse characters that hide or reorder what is written. Raises ValidationError."""
    if any(c in _BIDI_CONTROLS for c in value):
        raise ValidationError(
            _("This text holds invisible signs that turn the writing direction. Type it again by hand."), code="hidden"
        )
    if "\0" in value or any(unicodedata.category(c) in {"Cc", "Cs", "Co"} and not c.isspace() for c in value):
        raise ValidationError(_("This text holds signs that cannot be printed. Type it again by hand."), code="hidden")


class PlainField(forms.CharField):
    """One line of text in canonical form, with hidden signs refused rather than silently dropped."""

    def __init__(self, *, max_length: int, missing: Any = None, **options: Any) -> None:
        """`missing` is the sentence for an empty field."""
        super().__init__(strip=False, **options)
        self.longest = max_length
        self.widget.attrs["maxlength"] = str(max_length)
        if missing is not None:
            self.error_messages["required"] = missing
        # Ours says what to do; Django's speaks of null characters.
        self.validators = []

    def to_python(self, value: Any) -> str:
        """Canonical text."""
        text = super().to_python(value) or ""
        if len(text) > 4 * self.longest:
            raise ValidationError(
                _("This text is too long: at most %(most)s characters."), code="long", params={"most": self.longest}
            )
        refuse_hidden(text)
        clean = canonical(text)
        if len(clean) > self.longest:
            raise ValidationError(
                _("This text is too long: at most %(most)s characters."), code="long", params={"most": self.longest}
            )
        return clean


class NameField(PlainField):
    """A name in the Latin letters of the passport."""

    def validate(self, value: Any) -> None:
        """Letters, spaces, hyphens, apostrophes and full stops. Raises ValidationError."""
        super().validate(value)
        if any(c.isdigit() for c in value):
            raise ValidationError(_("A name holds no figures. Write it as in the passport."), code="figures")
        letters = [c for c in value if c.isalpha()]
        if any("LATIN" not in unicodedata.name(c, "") for c in letters):
            raise ValidationError(
                _("Write the name in Latin letters, as in the two lines at the bottom of the passport's page."),
                code="script",
            )
        allowed = all(c.isalpha() or unicodedata.combining(c) or c in " -'’.ʼ" for c in value)
        if not allowed or (value and not letters):
            raise ValidationError(_("Write the name in letters, as in the passport."), code="letters")


class DocumentNumberField(PlainField):
    """A passport number: letters and figures; spaces and dashes are dropped."""

    def to_python(self, value: Any) -> str:
        """Capitals and Latin figures."""
        text = super().to_python(value)
        clean = document_number(text)
        if text and not 5 <= len(clean) <= 15:
            raise ValidationError(
                _("A passport number has 5 to 15 letters and figures. Copy it from the page with the photo."),
                code="number",
            )
        return clean


class DatePartsWidget(forms.MultiWidget):
    """Day, month, year in three boxes: quicker than a calendar for a date of birth."""

    template_name = "appointments/parts/date_parts.html"
    use_fieldset = True

    def __init__(self) -> None:
        """The keyboards show figures."""
        numeric = {"inputmode": "numeric", "maxlength": "4", "dir": "ltr"}
        super().__init__([forms.TextInput(dict(numeric)) for _part in range(3)])

    def decompress(self, value: Any) -> list[Any]:
        """A date, or its ISO form, in three parts."""
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                return [None, None, None]
        return [value.day, value.month, value.year] if value else [None, None, None]


class DatePartsField(forms.MultiValueField):
    """A date typed as day, month and year, in figures of any keyboard."""

    widget = DatePartsWidget

    def __init__(self, *, missing: Any, **options: Any) -> None:
        """`missing` is the sentence for an empty date."""
        parts = [forms.CharField(required=False, max_length=8) for _part in range(3)]
        super().__init__(fields=parts, require_all_fields=False, **options)
        self.error_messages["required"] = missing

    def clean(self, value: Any) -> date | None:
        """The date. Raises ValidationError."""
        parts = [latin_digits(canonical(str(part or ""))) for part in (value or ["", "", ""])]
        if not any(parts):
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        return self.compress(parts)

    def compress(self, data_list: Sequence[Any]) -> date:
        """Three figures to a date. Raises ValidationError."""
        try:
            day, month, year = (int(part) if part.isascii() and part.isdigit() else -1 for part in data_list)
            return date(year, month, day)
        except (ValueError, OverflowError) as error:
            raise ValidationError(
                _("This date does not exist. Write it in figures: day, month, year with four figures."), code="date"
            ) from error


class DayField(forms.DateField):
    """A day near today: the browser's own date field, or figures typed by hand."""

    def __init__(self, *, first: date, last: date, **options: Any) -> None:
        """`first` and `last` bound what the browser offers; the rule itself is the action's."""
        attributes = {"type": "date", "min": first.isoformat(), "max": last.isoformat()}
        options.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs=attributes))
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"], **options)
        self.error_messages["invalid"] = _("This date does not exist. Write it like 31/12/2026.")
        self.error_messages["required"] = _("Choose a day.")

    def to_python(self, value: Any) -> date | None:
        """Figures of any keyboard."""
        return super().to_python(latin_digits(canonical(value)) if isinstance(value, str) else value)
