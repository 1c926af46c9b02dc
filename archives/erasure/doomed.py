"""After the commit: keys and stored files are destroyed, by this run or by the next one if this one dies."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.files.storage import default_storage
from django.db import connection, connections, transaction

from archives.models import Doomed, FileKey
from vault.arrays import uuids

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
            for blob in row.blobs:
                default_storage.delete(blob)
            row.delete()


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
