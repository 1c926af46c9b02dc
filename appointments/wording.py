"""Dates, hours, money and references as people read them: the same in pages, letters and the confirmation."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_currency
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_countries import countries

from appointments.domain.calendar.zones import zone
from appointments.domain.references import spoken

__all__ = ["clock", "country_name", "day_in_full", "instant_in_full", "money", "reading_locale", "spoken", "zone_words"]


@lru_cache(maxsize=128)
def reading_locale(language: str, country: str = "") -> Locale:
    """The locale of a reader; in Arabic that of the post's country, whose months have names of their own."""
    if language == "ar" and country:
        try:
            return Locale.parse(f"ar_{country}")
        except UnknownLocaleError:
            return Locale("ar")
    return Locale.parse({"en": "en_GB"}.get(language, language))


def _language() -> str:
    return (get_language() or "fr")[:2]


def day_in_full(day: date, country: str = "") -> str:
    """A local date with its weekday: “jeudi 3 décembre 2026”. Figures are Latin in every language."""
    text = format_date(day, "full", locale=reading_locale(_language(), country))
    # French counts the first day only: “mardi 1er décembre”, then “mercredi 2 décembre”. The CLDR does not say so.
    return text.replace(" 1 ", " 1er ", 1) if day.day == 1 and _language() == "fr" else text


def clock(at: time) -> str:
    """A local time on the 24-hour clock."""
    return f"{at:%H:%M}"


@lru_cache(maxsize=256)
def _city(key: str, language: str) -> str:
    return get_timezone_location(key, locale=reading_locale(language), return_city=True)


def zone_words(key: str) -> str:
    """Whose clock is meant: “local time, Algiers”. `key` is an IANA name."""
    return _("local time, %(city)s") % {"city": _city(key, _language())}


def instant_in_full(instant: datetime, key: str, country: str = "") -> str:
    """An instant as the clock in a zone shows it: day in full, hour, and whose clock that is."""
    local = instant.astimezone(zone(key))
    return _("%(day)s at %(time)s (%(zone)s)") % {
        "day": day_in_full(local.date(), country),
        "time": clock(local.time()),
        "zone": zone_words(key),
    }


def money(cents: int, currency: str) -> str:
    """An amount in cents with its currency."""
    return format_currency(cents / 100, currency, locale=reading_locale(_language()))


def country_name(code: str) -> str:
    """The name of a country (ISO 3166 alpha-2) in the reader's language."""
    return str(countries.name(code)) or code
