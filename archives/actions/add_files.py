"""New files: key, sealed holder, indexes, events, dates."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from archives.dating import as_row, columns, created_on, policy
from archives.domain.holder import Holder
from archives.domain.retention import Event, Verdict, judge, profile_named
from archives.indexing import indexes_of, mentions_of
from archives.models import FileEvent, FileKey, ProcessingRecord, SealedPart, VisaFile
from archives.sealing import FILE, Ref, make_keys, seal

PART_OF_KIND = {"fingerprints": int(FileKey.Part.FINGERPRINTS), "refusal_data_art12": int(FileKey.Part.REFUSAL)}


@dataclass(frozen=True)
class NewFile:
    """Everything that is known of a file when it enters the archive."""

    post_key: str
    category: str
    profile: str
    holder: Holder
    events: tuple[Event, ...]
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)  # kind of SealedPart → what it holds
    import_digest: bytes | None = None
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    def verdict(self, today: date | None) -> Verdict:
        """Its dates. Raises HistoryRefusedError."""
        return judge(self.events, profile_named(self.profile), policy(), today)


def add_files(new: Sequence[NewFile], now: datetime, actor: int | None = None) -> list[uuid.UUID]:
    """Add files in one transaction. Raises HistoryRefusedError, and IntegrityError for a number the post holds already.

    `actor` is the id of the account that brings them.
    """
    verdicts = [one.verdict(None) for one in new]
    refs: list[Ref] = [(one.id, FILE) for one in new]
    refs += [(one.id, PART_OF_KIND[kind]) for one in new for kind in one.parts]
    keys = make_keys(refs, now)
    with transaction.atomic():
        VisaFile.objects.bulk_create(
            [_row(one, verdict, keys[one.id, FILE], now) for one, verdict in zip(new, verdicts, strict=True)], 500
        )
        FileEvent.objects.bulk_create([as_row(event, one.id, now, actor) for one in new for event in one.events], 2000)
        SealedPart.objects.bulk_create(
            [part for one, verdict in zip(new, verdicts, strict=True) for part in _parts(one, verdict, keys)], 500
        )
        ProcessingRecord.objects.bulk_create([_record(one, now, actor) for one in new], 2000)
    return [one.id for one in new]


def _row(one: NewFile, verdict: Verdict, key: bytes, now: datetime) -> VisaFile:
    return VisaFile(
        id=one.id,
        post_key=one.post_key,
        category=one.category,
        profile=one.profile,
        sealed=seal(one.holder.as_mapping(), (one.id, FILE), key),
        import_digest=one.import_digest,
        entered_at=now,
        mentions=mentions_of(one.holder),
        **indexes_of(one.holder),
        **columns(verdict, created_on(one.events)),
    )


def _parts(one: NewFile, verdict: Verdict, keys: dict[Ref, bytes]) -> list[SealedPart]:
    due = {part.what: part for part in verdict.partials}
    return [
        SealedPart(
            file_id=one.id,
            kind=kind,
            sealed=seal(value, (one.id, PART_OF_KIND[kind]), keys[one.id, PART_OF_KIND[kind]]),
            gone_from=due[kind].must_be_gone_from if kind in due else None,
            basis=due[kind].basis if kind in due else "",
        )
        for kind, value in one.parts.items()
    ]


def _record(one: NewFile, now: datetime, actor: int | None) -> ProcessingRecord:
    return ProcessingRecord(
        file_ref=one.id,
        post_key=one.post_key,
        purpose=ProcessingRecord.Purpose.IMPORT,
        kind_of_data="whole_file",
        actor=actor,
        at=now,
    )
