"""The machine-readable lines of a passport (ICAO Doc 9303, part 4: TD3) and their check digits (part 3, 4.9)."""

from dataclasses import dataclass
from datetime import date

from vault.text import latin_digits

LINE_LENGTH = 44
_WEIGHTS = (7, 3, 1)


class MrzError(ValueError):
    """The lines cannot be right; `field` names what does not check."""

    def __init__(self, field: str) -> None:
        """`field`: line, number, birth_date, expires, personal_number or composite."""
        super().__init__(field)
        self.field = field


@dataclass(frozen=True)
class PassportLines:
    """What the two lines say. Country codes are those of Doc 9303 part 3 section 5 (mostly ISO alpha-3)."""

    family_name: str
    given_names: str
    birth_date: date
    nationality: str
    issuing_country: str
    number: str
    expires: date


def _value(character: str) -> int:
    if character.isdigit():
        return int(character)
    return 0 if character == "<" else ord(character) - ord("A") + 10


def check_digit(text: str) -> str:
    """The check digit of a field: weights 7, 3, 1 over the characters' values, modulo 10."""
    return str(sum(_value(c) * _WEIGHTS[i % 3] for i, c in enumerate(text)) % 10)


def _clean(line: str) -> str:
    text = "".join(latin_digits(line).split()).upper().replace("«", "<<").replace("‹", "<")
    if len(text) != LINE_LENGTH or not all(c == "<" or c.isdigit() or "A" <= c <= "Z" for c in text):
        raise MrzError("line")
    return text


def _date(text: str, *, today: date, future: bool, field: str) -> date:
    """Two-digit years: a birth lies at most 100 years back, an expiry at most 50 years ahead."""
    if not text.isdigit():
        raise MrzError(field)
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    century = today.year // 100 * 100
    try:
        found = date(century + year, month, day)
        if not future and found > today:
            found = date(century - 100 + year, month, day)
        if future and found.year > today.year + 50:
            found = date(century - 100 + year, month, day)
    except ValueError as error:
        raise MrzError(field) from error
    return found


def read_td3(line1: str, line2: str, *, today: date) -> PassportLines:
    """Read both lines of a passport and verify all check digits.

    Raises:
        MrzError: with `field` in line, number, birth_date, expires, personal_number, composite.
    """
    first, second = _clean(line1), _clean(line2)
    if first[0] != "P":
        raise MrzError("line")
    for field, part, digit in (
        ("number", second[:9], second[9]),
        ("birth_date", second[13:19], second[19]),
        ("expires", second[21:27], second[27]),
    ):
        if check_digit(part) != digit:
            raise MrzError(field)
    personal, digit = second[28:42], second[42]
    # An empty personal number may have "<" for its check digit.
    if check_digit(personal) != digit and not (digit == "<" and not personal.strip("<")):
        raise MrzError("personal_number")
    if check_digit(second[:10] + second[13:20] + second[21:43]) != second[43]:
        raise MrzError("composite")
    family, _, given = first[5:].partition("<<")
    return PassportLines(
        family_name=" ".join(family.replace("<", " ").split()),
        given_names=" ".join(given.replace("<", " ").split()),
        birth_date=_date(second[13:19], today=today, future=False, field="birth_date"),
        nationality=second[10:13].strip("<"),
        issuing_country=first[2:5].strip("<"),
        number=second[:9].strip("<"),
        expires=_date(second[21:27], today=today, future=True, field="expires"),
    )
