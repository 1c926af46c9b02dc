"""The keys of the vault: several field keys with ids, one index key.

`settings.FIELD_KEYS` is text such as `1:<base64>,2:<base64>`; every key decrypts, the highest id encrypts.
`settings.INDEX_KEY` is base64 text. Keys are 32 bytes (AES-256, HMAC-SHA-256).
"""

import base64
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import receiver
from django.test.signals import setting_changed

KEY_BYTES = 32


def _decoded(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not base64.") from error
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{name} must be {KEY_BYTES} bytes, it has {len(key)}.")
    return key


@lru_cache(maxsize=1)
def field_keys() -> dict[int, bytes]:
    """All field keys by id (1..255). Raises ImproperlyConfigured on an unreadable setting."""
    keys: dict[int, bytes] = {}
    for part in settings.FIELD_KEYS.split(","):
        number, _, text = part.partition(":")
        if not number.strip().isdigit() or not 1 <= int(number) <= 255:
            raise ImproperlyConfigured("FIELD_KEYS must look like 1:<base64>,2:<base64> with ids from 1 to 255.")
        keys[int(number)] = _decoded(text, f"FIELD_KEYS {number.strip()}")
    return keys


@lru_cache(maxsize=1)
def current_key_id() -> int:
    """The id of the key that encrypts now: the highest."""
    return max(field_keys())


@lru_cache(maxsize=1)
def index_key() -> bytes:
    """The key of the blind indexes."""
    return _decoded(settings.INDEX_KEY, "INDEX_KEY")


@lru_cache(maxsize=1)
def earlier_index_keys() -> tuple[bytes, ...]:
    """Earlier index keys, for what cannot be computed again (vouchers: nobody here knows their codes)."""
    return tuple(_decoded(text, "INDEX_KEY_FALLBACKS") for text in settings.INDEX_KEY_FALLBACKS)


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    """A rotated key counts at once where settings are overridden."""
    if setting in {"FIELD_KEYS", "INDEX_KEY", "INDEX_KEY_FALLBACKS"}:
        field_keys.cache_clear()
        current_key_id.cache_clear()
        index_key.cache_clear()
        earlier_index_keys.cache_clear()
