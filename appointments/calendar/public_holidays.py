"""Public holidays of the host country and of France, as rows that staff can switch.

Both close the post until staff say otherwise: an open day too few costs some places, a person in
front of a closed door has travelled for nothing. Dates that depend on the sight of the moon are
computed in advance by the `holidays` library and announced by the country days before: they are
marked as to be confirmed, and so is every French holiday, which a post may or may not keep.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db import transaction

from appointments.calendar.facts import subdivision_of
from appointments.models import Holiday, Post

__all__ = ["HolidayChanges", "KnownHoliday", "public_holidays", "refresh_holidays"]

FRANCE = "FR"


@dataclass(frozen=True, slots=True)
class KnownHoliday:
    """A day the library knows."""

    day: date
    name: str
    is_estimate: bool


@dataclass(frozen=True, slots=True)
class HolidayChanges:
    """How many rows a refresh wrote."""

    added: int
    updated: int
    removed: int


@lru_cache(maxsize=128)
def public_holidays(country: str, subdivision: str | None, year: int) -> tuple[KnownHoliday, ...]:
    """The public holidays of a country, named in French where the library can, else in English.

    Args:
        country: ISO 3166-1 code of two letters.
        subdivision: a part of the country with holidays of its own, as the library names it.
        year: the year of the common calendar.

    Returns:
        In order of date; empty for a country the library does not know.
    """
    # Importing the library costs more than a page may: only the task and the commands come here.
    import holidays

    known = getattr(holidays, country, None)
    if known is None:
        return ()
    languages = known.supported_languages
    french = next((language for language in languages if language.split("_")[0] == "fr"), None)
    english = next((language for language in ("en_US", "en_GB") if language in languages), None)
    named = holidays.country_holidays(country, subdiv=subdivision, years=year, language=french or english)
    plain = holidays.country_holidays(country, subdiv=subdivision, years=year, language=english)
    return tuple(
        KnownHoliday(day, _bare(name)[:120], "(estimated" in plain.get(day, name) or "(estimated" in name)
        for day, name in sorted(named.items())
        if day.year == year
    )


def _bare(name: str) -> str:
    """The name without the remark on estimation, which stands in a column of its own."""
    for remark in ("estimated", "estimé", "estimée"):
        name = name.replace(f" ({remark})", "").replace(f" ({remark}; observed)", "").replace(f"; {remark})", ")")
    return name


@transaction.atomic
def refresh_holidays(years: Iterable[int], today: date) -> HolidayChanges:
    """Bring the rows of all posts in line with the library for these years.

    What staff decided stays; days before `today` are history and stay as well. A date that moved
    is removed where it was and added where it is.

    Args:
        years: years of the common calendar.
        today: rows before this day are left alone.
    """
    wanted = _wanted(tuple(years), today)
    found = Holiday.objects.filter(day__gte=today, day__year__in=list(years))
    existing = {(row.post_id, row.day, row.country): row for row in found}
    added = Holiday.objects.bulk_create([row for key, row in wanted.items() if key not in existing])
    updated, gone = [], []
    for key, row in existing.items():
        if row.decided_by_staff:
            continue
        new = wanted.get(key)
        if new is None:
            gone.append(row.pk)
        elif (row.name, row.to_confirm) != (new.name, new.to_confirm):
            row.name, row.to_confirm = new.name, new.to_confirm
            updated.append(row)
    Holiday.objects.bulk_update(updated, ["name", "to_confirm"])
    removed, _ = Holiday.objects.filter(pk__in=gone).delete()
    return HolidayChanges(len(added), len(updated), removed)


def _wanted(years: tuple[int, ...], today: date) -> dict[tuple[int, date, str], Holiday]:
    rows: dict[tuple[int, date, str], Holiday] = {}
    for post in Post.objects.only("pk", "key", "country"):
        for country in dict.fromkeys((post.country, FRANCE)):
            subdivision = subdivision_of(post.key) if country == post.country else None
            for year in years:
                for known in public_holidays(country, subdivision, year):
                    if known.day >= today:
                        doubtful = known.is_estimate or country != post.country
                        row = Holiday(post=post, day=known.day, name=known.name, country=country, to_confirm=doubtful)
                        rows[post.pk, known.day, country] = row
    return rows
