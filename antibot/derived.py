"""Secrets derived from the one secret key, one per use, so that no value made for one use fits another."""

import hashlib
import hmac

from django.conf import settings


def derived_secret(label: str) -> bytes:
    """A secret of 32 bytes for `label`."""
    return hmac.digest(settings.SECRET_KEY.encode(), f"antibot:{label}".encode(), hashlib.sha256)
