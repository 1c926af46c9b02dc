"""Blind indexes: equal values can be found without being readable."""

import hashlib
import hmac

from vault.keys import index_key


def blind_index(label: str, value: str) -> bytes:
    """HMAC-SHA-256 of `value` under the index key.

    `label` separates purposes: the same passport gives unrelated indexes in two tables with two labels.
    The caller brings the value into its canonical form first.
    """
    return hmac.digest(index_key(), f"{label}\x00{value}".encode(), hashlib.sha256)
