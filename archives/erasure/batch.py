"""One batch of files that are due: read, copied for litigation, deleted, journalled, in one transaction."""

# ruff: noqa: S608 - the statements are put together from constants alone

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from archives.dating import policy
from archives.domain.holder import Holder
from archives.erasure import journal
from archives.erasure.doomed import doom
from archives.erasure.owners import Taken, take_everywhere
from archives.erasure.permission import erasing
from archives.erasure.residue import INDEXED, Identifiers, identifiers_of
from archives.models import ErasureRun, FileKey, Hold, RestrictedCopy
from archives.sealing import FILE, Ref, keys_of, make_keys, seal, unseal
from vault.arrays import uuids

COPY = int(FileKey.Part.RESTRICTED_COPY)
_DUE = f"""
SELECT id, post_key, profile, start_basis, advance_basis, gone_from, sealed, {", ".join(INDEXED.values())}
FROM archives_visafile
WHERE gone_from <= %s ORDER BY gone_from, id LIMIT %s FOR UPDATE SKIP LOCKED
"""
# Art. 34: without the file's data, one year longer, and no longer pointing at anything.
_RECORDS = """
UPDATE archives_processingrecord r
SET file_ref = NULL, gone_from = (f.gone_from - 1 + interval '1 year')::date + 1
FROM archives_visafile f WHERE f.id = r.file_ref AND f.id = ANY(%s::uuid[])
"""
_HOLDS = """
SELECT id, file_id, legal_basis, ends_by FROM archives_hold
WHERE file_id = ANY(%s::uuid[]) AND lifted_on IS NULL AND ends_by >= %s
"""
_DELETES = {
    "links": "DELETE FROM archives_filelink WHERE first_id = ANY(%s::uuid[]) OR second_id = ANY(%s::uuid[])",
    "parts": "DELETE FROM archives_sealedpart WHERE file_id = ANY(%s::uuid[])",
    "holds": "DELETE FROM archives_hold WHERE file_id = ANY(%s::uuid[])",
    "events": "DELETE FROM archives_fileevent WHERE file_id = ANY(%s::uuid[])",
    "files": "DELETE FROM archives_visafile WHERE id = ANY(%s::uuid[])",
}


class Due(NamedTuple):
    """A file that is due."""

    id: uuid.UUID
    post_key: str
    profile: str
    basis: str
    gone_from: date
    sealed: bytes
    indexes: tuple[bytes | None, ...]


@dataclass
class Batch:
    """What a batch erased: how much, and what named these people, for the search for what is left of them."""

    files: int
    identifiers: Identifiers


def erase_batch(run: ErasureRun, today: date, now: datetime, limit: int) -> Batch:
    """Erase up to `limit` files whose data must be gone by `today`; another run's locked rows are left to it."""
    with erasing(), connection.cursor() as cursor:
        cursor.execute(_DUE, [today, limit])
        due = [
            Due(row[0], row[1], row[2], row[4] or row[3], row[5], bytes(row[6]), row[7:]) for row in cursor.fetchall()
        ]
        if not due:
            return Batch(0, {})
        holders = _holders(due)
        ids = [file.id for file in due]
        listed = uuids(ids)
        _keep_for_litigation(due, holders, today, now)
        taken = _delete(ids, now)
        cursor.execute(_RECORDS, [listed])
        taken.counts["records"] = cursor.rowcount
        for name, sql in _DELETES.items():
            cursor.execute(sql, [listed] * sql.count("%s"))
            taken.counts[name] = cursor.rowcount
        journal.write(run, _lines(due, taken.counts), now)
        doom(now, ids, blobs=taken.blobs)
        if taken.keys:
            doom(now, [ref for ref, _ in taken.keys], parts=sorted({part for _, part in taken.keys}))
        cursor.execute(
            "UPDATE archives_erasurerun SET erased_files = erased_files + %s WHERE id = %s", [len(ids), run.pk]
        )
    opened = ((holders[file.id], file.indexes) for file in due if file.id in holders)
    return Batch(len(due), identifiers_of(opened))


def _holders(due: Sequence[Due]) -> dict[uuid.UUID, dict[str, str]]:
    """The holders, as long as they can be read: a file whose key is gone already has nothing left to look for."""
    keys = keys_of(file.id for file in due)
    return {
        file.id: unseal(file.sealed, (file.id, FILE), keys[file.id, FILE]) for file in due if (file.id, FILE) in keys
    }


def _delete(ids: list[uuid.UUID], now: datetime) -> Taken:
    taken = take_everywhere(ids, now)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM archives_filedocument WHERE file_id = ANY(%s::uuid[]) RETURNING blob", [uuids(ids)])
        blobs = [row[0] for row in cursor.fetchall()]
    taken.blobs += blobs
    taken.counts["documents"] = len(blobs)
    return taken


def _keep_for_litigation(
    due: Sequence[Due], holders: dict[uuid.UUID, dict[str, str]], today: date, now: datetime
) -> None:
    """A hold with a legal basis that still stands keeps a copy under a new key; the file itself goes on time."""
    if not policy().litigation_copies:
        return
    by_id = {file.id: file for file in due}
    for hold in Hold.objects.raw(_HOLDS, [uuids(by_id), today]):
        holder = holders.get(hold.file_id)
        if holder is None:
            continue
        ref: Ref = (uuid.uuid4(), COPY)
        key = make_keys([ref], now)[ref]
        RestrictedCopy.objects.create(
            id=ref[0],
            post_key=by_id[hold.file_id].post_key,
            legal_basis=hold.legal_basis,
            allowed_from=by_id[hold.file_id].gone_from,
            gone_from=hold.ends_by + timedelta(days=1),
            sealed=seal(Holder.from_mapping(holder).as_mapping(), ref, key),
        )


def _lines(due: Sequence[Due], counts: dict[str, int]) -> list[journal.Line]:
    """One line for each rule in the batch; the counts of rows that went with the files stand on the first."""
    groups: dict[tuple[str, str], list[Due]] = defaultdict(list)
    for file in due:
        groups[file.profile, file.basis].append(file)
    lines: list[journal.Line] = []
    for (profile, basis), files in sorted(groups.items()):
        named = b"".join(sorted(file.id.bytes + file.gone_from.isoformat().encode() for file in files))
        said: dict[str, int | str] = {"batch": hashlib.sha256(named).hexdigest()}
        if not lines:
            said |= {name: count for name, count in counts.items() if count and name != "files"}
        days = [file.gone_from for file in files]
        lines.append(journal.Line("visa_files", len(files), profile, basis, min(days), max(days), said))
    return lines
