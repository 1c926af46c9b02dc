"""AES-256-GCM with key ids.

Layout of a ciphertext: key id (1 byte) | nonce (12 bytes) | ciphertext and tag (NIST SP 800-38D). The additional
data name the place (`app.model.field`), so that a value copied into another column does not decrypt.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.keys import current_key_id, field_keys

NONCE_BYTES = 12


class UnreadableError(Exception):
    """The key is gone, or the value was changed or moved from its column."""


def encrypt(plain: bytes, place: str, *, key: bytes | None = None) -> bytes:
    """Encrypt `plain` for `place`. Without `key` the newest field key is used; with it, key id 0 is written."""
    key_id = 0 if key is not None else current_key_id()
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key or field_keys()[key_id]).encrypt(nonce, plain, place.encode())
    return bytes([key_id]) + nonce + sealed


def decrypt(sealed: bytes, place: str, *, key: bytes | None = None) -> bytes:
    """The plain bytes. Raises UnreadableError where the key is not at hand or the value does not belong to `place`."""
    sealed = bytes(sealed)
    if len(sealed) <= 1 + NONCE_BYTES:
        raise UnreadableError("too short")
    key = key or field_keys().get(sealed[0])
    if key is None:
        raise UnreadableError(f"no key with id {sealed[0]}")
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], place.encode())
    except InvalidTag as error:
        raise UnreadableError("wrong key, or a value that was changed or moved") from error


def key_id_of(sealed: bytes) -> int:
    """The id of the key that encrypted this value."""
    return bytes(sealed[:1])[0]
