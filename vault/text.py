"""Text as people type it, brought into one form before it is stored or compared."""

import re
import unicodedata

# Digits that Arabic and Persian keyboards type; forms accept them and store 0-9.
_EASTERN_DIGITS = {ord(c): str(i % 10) for i, c in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}


def latin_digits(value: str) -> str:
    """Arabic-Indic and Persian digits become 0-9; everything else stays."""
    return value.translate(_EASTERN_DIGITS)


def canonical(value: str) -> str:
    """NFKC; control, format (bidi overrides, zero width) and unassigned characters removed; white space folded.

    Zero-width joiners are removed as well: they do not change a name, and hide differences from a clerk's eye.
    """
    if value.isascii() and value.isprintable():  # most of what is typed: nothing in it to be removed
        return re.sub(r" +", " ", value).strip()
    text = unicodedata.normalize("NFKC", value)
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return re.sub(r" +", " ", kept).strip()


def document_number(value: str) -> str:
    """A passport or visa number as it is compared: Latin digits, capitals, letters and digits only."""
    return re.sub(r"[^0-9A-Z]", "", latin_digits(canonical(value)).upper())


def name_key(value: str) -> str:
    """A name for comparison: accents and case removed, anything but letters and digits folded to one space."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", canonical(value)) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", plain.casefold()).strip()
