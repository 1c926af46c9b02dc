"""The blind indexes of visa files and of what people asked, computed again after a new index key; file keys' wrapping.

`import_digest` stays: it only spares a look at a row that is brought again unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

from archives.copies.actions import contact_index as copies_index
from archives.domain.holder import Holder
from archives.indexing import indexes_of, mentions_of
from archives.models import CopyRequest, DataRequest, FileKey, VisaFile
from archives.queries.my_data import contact_index
from archives.sealing import FILE, WRAP, keys_of, unseal
from vault.rotation import keep_indexed, keep_sealed

_COLUMNS = (
    "file_number_index", "passport_index", "visa_number_index", "birth_index", "email_index", "name_keys", "mentions",
)  # fmt: skip


def _files(rows: Sequence[VisaFile]) -> None:
    """A file whose key is gone is being erased: nobody may find it, and nobody could."""
    keys = keys_of(row.pk for row in rows)
    readable = [row for row in rows if (row.pk, FILE) in keys]
    for row in readable:
        holder = Holder.from_mapping(unseal(bytes(row.sealed), (row.pk, FILE), keys[row.pk, FILE]))
        for column, value in {**indexes_of(holder), "mentions": mentions_of(holder)}.items():
            setattr(row, column, value)
    VisaFile.objects.bulk_update(readable, _COLUMNS)


def _copies(rows: Sequence[CopyRequest]) -> None:
    asked = [row for row in rows if row.contact]
    for row in asked:
        row.contact_index = copies_index(str(row.contact))
    CopyRequest.objects.bulk_update(asked, ["contact_index"])


def _data_requests(rows: Sequence[DataRequest]) -> None:
    for row in rows:
        row.contact_index = contact_index(row.contact)
    DataRequest.objects.bulk_update(rows, ["contact_index"])


keep_indexed(VisaFile, _files)
keep_indexed(CopyRequest, _copies, guards=("archives.CopyRequest:copy_transitions",))
keep_indexed(DataRequest, _data_requests)
keep_sealed(FileKey, "wrapped", WRAP)
