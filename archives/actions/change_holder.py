"""The holder's data of a file are sealed again with what was added or corrected, and indexed again."""

from datetime import datetime

from django.db import transaction

from archives.domain.holder import Holder
from archives.indexing import indexes_of, mentions_of
from archives.models import ProcessingRecord, VisaFile
from archives.sealing import FILE, keys_of, seal
from vault.cipher import UnreadableError


def change_holder(file: VisaFile, holder: Holder, now: datetime, actor: int | None) -> None:
    """Replace the holder of a file under its own key (art. 24: correction). Raises UnreadableError without the key."""
    ref = (file.pk, FILE)
    key = keys_of([file.pk]).get(ref)
    if key is None:
        raise UnreadableError("the key of this file does not exist")
    changed = {
        "sealed": seal(holder.as_mapping(), ref, key),
        "mentions": mentions_of(holder),
        **indexes_of(holder),
    }
    with transaction.atomic():
        VisaFile.objects.filter(pk=file.pk).update(**changed)
        ProcessingRecord.objects.create(
            file_ref=file.pk,
            post_key=file.post_key,
            purpose=ProcessingRecord.Purpose.CORRECTION,
            kind_of_data="holder",
            actor=actor,
            at=now,
        )
