"""Looking for a visa file by what somebody knows of it."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Value

from accounts.access import Scope
from archives.domain.holder import Holder
from archives.domain.names import likeness
from archives.indexing import birth_index, file_number_index, name_alternatives, passport_index, visa_number_index
from archives.models import VisaFile
from archives.queries.coming import within
from archives.sealing import holders_of

# So many files are opened for one search; a search that finds more has to be narrowed.
MOST = 100


@dataclass(frozen=True)
class Found:
    """A file, its holder, and how alike the names are (1 where no name was asked)."""

    file: VisaFile
    holder: Holder
    likeness: float


@dataclass(frozen=True)
class Answer:
    """What was found; `more` says that only the first are shown."""

    rows: list[Found]
    more: bool


def search(
    scope: Scope,
    *,
    name: str = "",
    passport: str = "",
    visa_number: str = "",
    file_number: str = "",
    birth_date: str = "",
) -> Answer:
    """Files of the scope that carry everything that was given; names in any order, script and usual spelling.

    Nothing given finds nothing. The caller records the search (art. 34).
    """
    wanted = {
        "passport_index": passport_index(passport),
        "visa_number_index": visa_number_index(visa_number),
        "file_number_index": file_number_index(file_number),
        "birth_index": birth_index(birth_date),
    }
    exact: dict[str, Any] = {column: index for column, index in wanted.items() if index is not None}
    words = name_alternatives(name)
    if not exact and not words:
        return Answer([], more=False)
    rows = within(scope).filter(**exact)
    for numbers in words:
        rows = rows.filter(name_keys__overlap=Value(numbers, output_field=ArrayField(BigIntegerField())))
    files = list(rows[: MOST + 1])
    holders = holders_of(files[:MOST])
    found = [
        Found(file, holders[file.pk], likeness(name, full_name(holders[file.pk])) if words else 1.0)
        for file in files[:MOST]
    ]
    found.sort(key=lambda one: (-one.likeness, one.holder.family_name))
    return Answer(found, more=len(files) > MOST)


def full_name(holder: Holder) -> str:
    """Family name and given names."""
    return f"{holder.family_name} {holder.given_names}".strip()
