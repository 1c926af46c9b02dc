"""Blind indexes: equal values can be found without being readable."""

import hashlib
import hmac

from vault.keys import earlier_index_keys, index_key


def blind_index(label: str, value: str) -> bytes:
    """HMAC-SHA-256 of `value` under the index key.

    `label` separates purposes: the same passport gives unrelated indexes in two tables with two labels.
    The caller brings the value into its canonical form first.
    """
    return _indexed(index_key(), label, value)


def blind_indexes(label: str, value: str) -> list[bytes]:
    """The index under the present key, then under each earlier one: only for rows that cannot be indexed anew."""
    return [_indexed(key, label, value) for key in (index_key(), *earlier_index_keys())]


def _indexed(key: bytes, label: str, value: str) -> bytes:
    return hmac.digest(key, f"{label}\x00{value}".encode(), hashlib.sha256)
