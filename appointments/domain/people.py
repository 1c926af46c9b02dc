"""Who somebody is: what stands in the passport, in canonical form."""

from dataclasses import dataclass
from datetime import date

from vault.text import canonical, document_number


@dataclass(frozen=True)
class PersonData:
    """A person as written in the passport. Countries are ISO 3166 alpha-2."""

    family_name: str
    given_names: str
    birth_date: date
    nationality: str
    passport_country: str
    passport_number: str
    france_visas: str = ""

    def normalised(self) -> "PersonData":
        """The same person without differences that only a keyboard makes."""
        return PersonData(
            family_name=canonical(self.family_name),
            given_names=canonical(self.given_names),
            birth_date=self.birth_date,
            nationality=self.nationality.strip().upper(),
            passport_country=self.passport_country.strip().upper(),
            passport_number=document_number(self.passport_number),
            france_visas=document_number(self.france_visas),
        )

    @property
    def identity(self) -> str:
        """What makes two entries one identity: issuing country and number.

        The birth date is no part of it: a false digit there must not buy a second entry.
        """
        return f"{self.passport_country.strip().upper()}|{document_number(self.passport_number)}"
