"""The personal data of a visa file: everything on the sticker, and what the application says about the person."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Holder:
    """Sealed as one value under the file's own key. Every value is text; dates are ISO; empty means not held."""

    file_number: str
    family_name: str
    given_names: str = ""
    birth_date: str = ""
    birth_place: str = ""
    birth_country: str = ""
    sex: str = ""
    nationality: str = ""
    passport_number: str = ""
    passport_country: str = ""
    passport_valid_until: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    purpose: str = ""
    visa_number: str = ""
    territory: str = ""
    valid_from: str = ""
    valid_until: str = ""
    entries: str = ""
    duration_days: str = ""
    issued_at: str = ""
    issued_on: str = ""
    remarks: str = ""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The fields, in the order of a form."""
        return _NAMES

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Holder":
        """From stored JSON; names of an older version that are no longer held are dropped."""
        return cls(**{name: str(values[name]) for name in cls.names() if values.get(name)})

    def as_mapping(self) -> dict[str, str]:
        """Only what is held."""
        return {name: value for name in _NAMES if (value := getattr(self, name))}

    @property
    def born(self) -> date | None:
        """The date of birth, None where the passport gives none."""
        return date.fromisoformat(self.birth_date) if self.birth_date else None


# Once a process: a nightly run opens thousands of holders.
_NAMES = tuple(field.name for field in fields(Holder))
