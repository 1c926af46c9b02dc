"""References that people read aloud: hard to guess, hard to mistype."""

import secrets

# Crockford's base 32: no I, L, O, U. 11 free characters are 55 bits; the twelfth is a check character, so that a
# mistyped reference is told apart from an unknown one.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FOLD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
LENGTH = 12


def _check(body: str) -> str:
    total = 0
    for position, character in enumerate(body, start=1):
        total += position * ALPHABET.index(character)
    return ALPHABET[total % 31]


def new_reference() -> str:
    """A new reference of 12 characters, 55 random bits."""
    number = secrets.randbits(5 * (LENGTH - 1))
    body = "".join(ALPHABET[number >> 5 * position & 31] for position in range(LENGTH - 1))
    return body + _check(body)


def read_reference(typed: str) -> str | None:
    """The reference that somebody typed (any case, spaces, dashes, O for 0), or None where it cannot be one."""
    text = "".join(c for c in typed.upper() if c.isalnum()).translate(_FOLD)
    if len(text) != LENGTH or any(c not in ALPHABET for c in text) or _check(text[:-1]) != text[-1]:
        return None
    return text


def spoken(reference: str) -> str:
    """The reference in groups of four, as it is shown."""
    return "-".join(reference[i : i + 4] for i in range(0, LENGTH, 4))
