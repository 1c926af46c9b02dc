"""Files that were entered before their free text was indexed: looked at once, some every night until none is left."""

from django.db import connection

from archives.domain.holder import Holder
from archives.indexing import mentions_of
from archives.models import VisaFile
from archives.sealing import FILE, keys_of, unseal
from vault.arrays import uuids

_NOTHING = "UPDATE archives_visafile SET mentions = '{}' WHERE id = ANY(%s::uuid[])"


def note_mentions(limit: int) -> int:
    """Index the free text of up to `limit` files; returns how many. A file without a key mentions nothing."""
    files = list(VisaFile.objects.filter(mentions__isnull=True).only("id", "sealed").order_by("id")[:limit])
    if not files:
        return 0
    keys = keys_of(file.pk for file in files)
    without = []
    for file in files:
        key = keys.get((file.pk, FILE))
        found = mentions_of(Holder.from_mapping(unseal(bytes(file.sealed), (file.pk, FILE), key))) if key else []
        if found:
            VisaFile.objects.filter(pk=file.pk).update(mentions=found)
        else:
            without.append(file.pk)
    with connection.cursor() as cursor:
        cursor.execute(_NOTHING, [uuids(without)])
    return len(files)
