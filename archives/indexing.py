"""Blind indexes of a holder: what can be looked for without being readable."""

from archives.domain.holder import Holder
from archives.domain.mentions import identifiers_in
from archives.domain.names import alternatives, keys
from vault.index import blind_index
from vault.text import canonical, document_number

# Half of the HMAC: 128 bits collide nowhere, and the indexes of 20 million files are half as large.
INDEX_BYTES = 16
NAME_BYTES = 8


def index_of(label: str, value: str) -> bytes | None:
    """The index of one value that is already in its canonical form; None where there is nothing to index."""
    return blind_index(f"archives.{label}", value)[:INDEX_BYTES] if value else None


def as_number(value: str) -> str:
    """A document number in the form that is compared; most are in it already."""
    return value.upper() if value.isascii() and value.isalnum() else document_number(value)


def as_address(value: str) -> str:
    """A mail address in the form that is compared; case does not count."""
    return (value if value.isascii() and value.isprintable() and " " not in value else canonical(value)).casefold()


def file_number_index(value: str) -> bytes | None:
    """Of a file number."""
    return index_of("file_number", as_number(value))


def passport_index(value: str) -> bytes | None:
    """Of a passport number."""
    return index_of("passport", as_number(value))


def visa_number_index(value: str) -> bytes | None:
    """Of the number on a visa sticker."""
    return index_of("visa_number", as_number(value))


def birth_index(value: str) -> bytes | None:
    """Of a date of birth (ISO)."""
    return index_of("birth", value)


def email_index(value: str) -> bytes | None:
    """Of a mail address."""
    return index_of("email", as_address(value))


def name_number(key: str) -> int:
    """A name key as a signed 64-bit number, for an array that GIN indexes cheaply."""
    return int.from_bytes(blind_index("archives.name", key)[:NAME_BYTES], "big", signed=True)


# What is typed in words; the other fields are identifiers with an index of their own, dates, or codes.
_FREE_TEXT = (
    "family_name", "given_names", "birth_place", "address", "purpose", "territory", "entries", "issued_at", "remarks",
)  # fmt: skip


def mention_number(word: str) -> int:
    """What looks like an identifier, as a signed 64-bit number."""
    return int.from_bytes(blind_index("archives.mention", word)[:NAME_BYTES], "big", signed=True)


def mentions_of(holder: Holder) -> list[int]:
    """What the free text of a file mentions. Its parts hold templates and codes, no text."""
    texts = " ".join(filter(None, (getattr(holder, name) for name in _FREE_TEXT)))
    return sorted(mention_number(word) for word in identifiers_in(texts))


def indexes_of(holder: Holder) -> dict[str, object]:
    """Every index column of a visa file."""
    names = f"{holder.family_name} {holder.given_names}"
    return {
        "file_number_index": file_number_index(holder.file_number),
        "passport_index": passport_index(holder.passport_number),
        "visa_number_index": visa_number_index(holder.visa_number),
        "birth_index": birth_index(holder.birth_date),
        "email_index": email_index(holder.email),
        "name_keys": sorted({name_number(key) for key in keys(names)}),
    }


def name_alternatives(asked: str) -> list[list[int]]:
    """For each word that somebody types, the numbers of which a file must carry one."""
    return [sorted(name_number(key) for key in word) for word in alternatives(asked)]
