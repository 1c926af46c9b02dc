"""Sealing under a key of the file's own. Whoever destroys the key has erased the value wherever it was copied.

A key is 32 random bytes, wrapped by the newest field key of the vault (the master key), and stored in the second
database. Order matters: a key is written before what it seals, and destroyed after what it sealed is gone; a crash in
between leaves a key without a file, never a file without a key.
"""

import json
import secrets
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connections

from archives.domain.holder import Holder
from archives.models import FileKey, VisaFile
from vault.arrays import uuids
from vault.cipher import UnreadableError, decrypt, encrypt
from vault.keys import KEY_BYTES

Ref = tuple[uuid.UUID, int]
WRAP = "archives.filekey.wrapped"
_KEYS = "SELECT ref, part, wrapped FROM archives_filekey WHERE ref = ANY(%s::uuid[]) AND part = ANY(%s)"
FILE = int(FileKey.Part.FILE)


def make_keys(refs: Iterable[Ref], now: datetime) -> dict[Ref, bytes]:
    """New keys for files and parts, stored wrapped before anything is sealed with them."""
    made = {ref: secrets.token_bytes(KEY_BYTES) for ref in refs}
    FileKey.objects.bulk_create(
        [FileKey(ref=ref, part=part, wrapped=encrypt(key, WRAP), made_at=now) for (ref, part), key in made.items()],
        batch_size=2000,
    )
    return made


def keys_of(refs: Iterable[uuid.UUID], parts: Iterable[int] = (FILE,)) -> dict[Ref, bytes]:
    """The keys that still exist; what is missing here cannot be read by anybody any more."""
    with connections[FileKey.objects.db].cursor() as cursor:
        cursor.execute(_KEYS, [uuids(refs), list(parts)])
        return {(ref, part): decrypt(wrapped, WRAP) for ref, part, wrapped in cursor.fetchall()}


def seal(value: Mapping[str, Any], ref: Ref, key: bytes) -> bytes:
    """JSON, encrypted, bound to its file and part: it does not open in another row."""
    return encrypt(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(), _place(ref), key=key)


def unseal(sealed: bytes, ref: Ref, key: bytes) -> dict[str, Any]:
    """Raises vault.cipher.UnreadableError for the wrong key or a moved value."""
    value: dict[str, Any] = json.loads(decrypt(bytes(sealed), _place(ref), key=key))
    return value


def seal_bytes(value: bytes, ref: Ref, key: bytes) -> bytes:
    """A document, encrypted like everything else of its file."""
    return encrypt(value, _place(ref), key=key)


def unseal_bytes(sealed: bytes, ref: Ref, key: bytes) -> bytes:
    """Raises vault.cipher.UnreadableError."""
    return decrypt(sealed, _place(ref), key=key)


def _place(ref: Ref) -> str:
    return f"archives:{ref[0]}:{ref[1]}"


def holder_of(file: VisaFile) -> Holder:
    """The holder of one file. Raises UnreadableError without its key. Record it where a person looks."""
    return holders_of([file])[file.pk]


def holders_of(files: Iterable[VisaFile]) -> dict[uuid.UUID, Holder]:
    """The holders of several files, with one look at the keys' database. Raises UnreadableError."""
    listed = list(files)
    keys = keys_of(file.pk for file in listed)
    found = {}
    for file in listed:
        key = keys.get((file.pk, FILE))
        if key is None:
            raise UnreadableError("the key of this file does not exist")
        found[file.pk] = Holder.from_mapping(unseal(bytes(file.sealed), (file.pk, FILE), key))
    return found
