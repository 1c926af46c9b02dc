"""Documents of an individual file: stored sealed, read by whoever may, deleted not before the law allows."""

import secrets
from datetime import date, datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from archives.dating import post_day
from archives.erasure.doomed import doom
from archives.models import FileDocument, VisaFile
from archives.sealing import FILE, keys_of, seal_bytes, unseal_bytes
from vault.cipher import UnreadableError


class BeforeFloorError(Exception):
    """Visa Code art. 37(3): the individual file has to stay until `until`; None: the file is not decided yet."""

    def __init__(self, until: date | None) -> None:
        """`until` is the last day on which the document has to be there."""
        super().__init__(f"kept until {until}")
        self.until = until


def add_document(file: VisaFile, kind: str, media_type: str, content: bytes, now: datetime) -> FileDocument:
    """Seal and store a document under the file's key. Raises UnreadableError where the key is gone."""
    ref = (file.pk, FILE)
    key = keys_of([file.pk]).get(ref)
    if key is None:
        raise UnreadableError("the key of this file does not exist")
    name = secrets.token_hex(16)
    blob = f"sealed/{name[:2]}/{name[2:]}"
    # Stored before the row: a crash leaves a file without a row, which the weekly scan destroys.
    default_storage.save(blob, ContentFile(seal_bytes(content, ref, key)))
    return FileDocument.objects.create(
        file=file, kind=kind, media_type=media_type, blob=blob, size=len(content), stored_at=now
    )


def read_document(document: FileDocument) -> bytes:
    """The document in clear. Raises UnreadableError where the key is gone."""
    ref = (document.file_id, FILE)
    key = keys_of([document.file_id]).get(ref)
    if key is None:
        raise UnreadableError("the key of this file does not exist")
    with default_storage.open(document.blob) as stream:
        return unseal_bytes(stream.read(), ref, key)


def delete_document(document: FileDocument, now: datetime) -> None:
    """Delete one document of the individual file. Raises BeforeFloorError with the day until which it has to stay."""
    with transaction.atomic():
        file = VisaFile.objects.select_for_update().get(pk=document.file_id)
        undecided = file.gone_from is None
        if undecided or (file.floor_until and post_day(now, file.post_key) <= file.floor_until):
            raise BeforeFloorError(file.floor_until)
        doom(now, blobs=[document.blob])
        document.delete()
