"""After the commit: keys and stored files are destroyed, by this run or by the next one if this one dies."""

import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from django.core.files.storage import default_storage
from django.db import connection, connections, transaction

from archives.models import Doomed, FileKey
from vault.arrays import uuids

DELETERS: Final = 8
_DOOM = "INSERT INTO archives_doomed (refs, parts, blobs, at) VALUES (%s::uuid[], %s::int2[], %s::varchar[], %s)"


def doom(now: datetime, refs: Iterable[uuid.UUID] = (), parts: Sequence[int] = (), blobs: Sequence[str] = ()) -> None:
    """Write down, in the caller's transaction, what has to be destroyed after it; no `parts`: every key of `refs`."""
    with connection.cursor() as cursor:
        cursor.execute(_DOOM, [uuids(refs), list(parts), list(blobs), now])


def destroy_doomed() -> int:
    """Destroy everything that committed erasures have left; returns how many keys went. Safe to run in parallel."""
    keys = 0
    while True:
        with transaction.atomic():
            row = Doomed.objects.select_for_update(skip_locked=True).order_by("id").first()
            if row is None:
                return keys
            keys += _destroy_keys(row)
            _delete_blobs(row.blobs)
            row.delete()


def _delete_blobs(blobs: Sequence[str]) -> None:
    """Several at once: each deletion is waiting, for a disk or for a store behind the network."""
    if blobs:
        with ThreadPoolExecutor(min(DELETERS, len(blobs))) as pool:
            for _done in pool.map(default_storage.delete, blobs):
                pass  # a deletion that failed is raised here, and the note stays


def _destroy_keys(row: Doomed) -> int:
    """In the keys' own database, which commits at once: what the first database says later cannot bring them back."""
    if not row.refs:
        return 0
    alias = FileKey.objects.db
    with connections[alias].cursor() as cursor:
        sql = "DELETE FROM archives_filekey WHERE ref = ANY(%s::uuid[])"
        if row.parts:
            cursor.execute(sql + " AND part = ANY(%s)", (uuids(row.refs), row.parts))
        else:
            cursor.execute(sql, (uuids(row.refs),))
        return int(cursor.rowcount)
