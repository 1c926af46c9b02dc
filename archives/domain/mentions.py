"""What in a text looks like the number of a document or an address: the forms in which an identifier is looked for."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

# Shorter numbers occur by chance in dates, prices and references.
SHORTEST = 6
_APART = re.compile(r"[^A-Z0-9@._+-]+")
_INSIDE = re.compile(r"[._+-]")


def words(text: str) -> set[str]:
    """Every word in capitals, without a full stop behind it, and without signs inside (`AB-000.0001`)."""
    found = {word for word in _APART.split(text.upper()) if len(word) >= SHORTEST}
    forms = {form for word in found for form in (word.strip("._+-"), _INSIDE.sub("", word))}
    return found | {form for form in forms if len(form) >= SHORTEST}


def identifiers_in(text: str) -> set[str]:
    """Those words that could be a number or an address."""
    return {word for word in words(text) if "@" in word or any(sign.isdigit() for sign in word)}


def texts_in(value: Any) -> Iterable[str]:
    """Every text inside a JSON value, keys of objects left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
