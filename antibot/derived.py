"""Secrets derived from the one secret key, one per use, so that no value made for one use fits another."""

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings


def derived_secret(label: str) -> bytes:
    """A secret of 32 bytes for `label`."""
    return _derived(settings.SECRET_KEY, label)


def derived_secrets(label: str) -> list[bytes]:
    """The same under the present secret key, then under each earlier one: for checking, never for making."""
    return [_derived(key, label) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


@lru_cache(maxsize=64)
def _derived(key: str, label: str) -> bytes:
    return hmac.digest(key.encode(), f"antibot:{label}".encode(), hashlib.sha256)
