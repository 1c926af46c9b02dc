"""A list of all countries, which is the longest part of any page: put together once a language, not once a reader."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from vault.text import name_key


@lru_cache(maxsize=8)
def _names(language: str) -> tuple[tuple[str, str], ...]:
    # Collation by accent-free name is close enough for French; Arabic sorts by code point, as its readers expect.
    named = [(code, str(name)) for code, name in countries]
    return tuple(sorted(named, key=lambda pair: pair[1] if language == "ar" else name_key(pair[1])))


def country_names() -> tuple[tuple[str, str], ...]:
    """Every country, code and name in the reader's language, in the order of their names."""
    return _names(get_language() or "fr")


@lru_cache(maxsize=8)
def _options(language: str) -> str:
    first = format_html('<option value="">{}</option>', _("Choose a country"))
    return first + format_html_join("", '<option value="{}">{}</option>', _names(language))


class CountrySelect(forms.Select):
    """The options of a language as one piece of text, in which one is marked."""

    def use_required_attribute(self, initial: Any) -> bool:
        """The first option is the empty one, so a browser may ask for another."""
        return not self.is_hidden

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The same markup that Django's templates would make of 250 options, for a hundredth of the work."""
        options = _options(get_language() or "fr")
        code = str(value or "")
        if code.isascii() and code.isalpha():
            options = options.replace(f'<option value="{code}">', f'<option value="{code}" selected>', 1)
        # What stands in `options` was escaped when it was put together.
        return format_html("<select{}>{}</select>", self._attributes(name, attrs), SafeString(options))

    def _attributes(self, name: str, attrs: Any) -> SafeString:
        return flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})


class CountryField(forms.Field):
    """A country by its two letters."""

    widget = CountrySelect

    def to_python(self, value: Any) -> str:
        """The two letters; empty where nothing was chosen."""
        return str(value or "")

    def validate(self, value: Any) -> None:
        """Only countries that are in the list. Raises ValidationError."""
        super().validate(value)
        if value and value not in countries.countries:
            raise ValidationError(
                forms.ChoiceField.default_error_messages["invalid_choice"],
                code="invalid_choice",
                params={"value": value},
            )
