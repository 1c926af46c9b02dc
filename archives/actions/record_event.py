"""Something happened to a file: the event is added and every date that depends on it is derived again."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction

from archives.dating import as_row, columns, created_on, events_of, policy, post_day
from archives.domain.retention import Event, EventType, HistoryRefusedError, Reason, judge, profile_named
from archives.models import ProcessingRecord, SealedPart, VisaFile

# Files of one person: the same passport, or one is linked as the other's earlier file; followed to the end.
_SAME_PERSON = """
WITH RECURSIVE person(id) AS (
    SELECT %s::uuid
  UNION
    SELECT other.id FROM person
    JOIN LATERAL (
        SELECT f.id FROM archives_visafile f, archives_visafile mine
        WHERE mine.id = person.id AND f.passport_index = mine.passport_index
      UNION ALL
        SELECT CASE WHEN l.first_id = person.id THEN l.second_id ELSE l.first_id END FROM archives_filelink l
        WHERE l.kind = 'earlier' AND person.id IN (l.first_id, l.second_id)
    ) other ON true
)
SELECT id FROM person
"""


class FileGoneError(Exception):
    """The file does not exist, or not any more: the answer is the same."""


def files_of_person(file_id: uuid.UUID) -> set[uuid.UUID]:
    """Every file of the person of one file, that file included."""
    with connection.cursor() as cursor:
        cursor.execute(_SAME_PERSON, [file_id])
        return {row[0] for row in cursor.fetchall()}


def record_event(file_id: uuid.UUID, event: Event, now: datetime, actor: int | None = None) -> VisaFile:
    """Add an event and derive the dates again, in one transaction.

    A nationality acquired reaches all files of the person (art. 25(1)). Raises HistoryRefusedError for what cannot be
    true, FileGoneError for a file that is not there.
    """
    everyone = event.type is EventType.NATIONALITY_ACQUIRED_NOTIFIED
    with transaction.atomic():
        wanted = files_of_person(file_id) if everyone else {file_id}
        files = {f.pk: f for f in VisaFile.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")}
        if file_id not in files:
            raise FileGoneError
        if event.date > post_day(now, files[file_id].post_key):
            raise HistoryRefusedError(Reason.DATE_IN_FUTURE, event.named())
        known = events_of(files)
        for file in files.values():
            _add(file, known[file.pk], event, now, actor)
    return files[file_id]


def _add(file: VisaFile, known: list[Event], event: Event, now: datetime, actor: int | None) -> None:
    redate(file, [*known, event])
    row = as_row(event, file.pk, now, actor)
    row.save(force_insert=True)
    ProcessingRecord.objects.create(
        file_ref=file.pk,
        post_key=file.post_key,
        purpose=ProcessingRecord.Purpose.CORRECTION
        if event.type is EventType.CORRECTED
        else ProcessingRecord.Purpose.DECISION,
        kind_of_data=event.type.value.lower(),
        actor=actor,
        at=now,
    )


def redate(file: VisaFile, events: Iterable[Event]) -> None:
    """Derive a file's columns and the dates of its parts. Raises HistoryRefusedError; the caller holds the lock."""
    listed = [replace(event, file=None) for event in events]
    verdict = judge(listed, profile_named(file.profile), policy())
    changed = columns(verdict, created_on(listed))
    if verdict.category is not None:
        changed["category"] = verdict.category
    for name, value in changed.items():
        setattr(file, name, value)
    file.save(update_fields=list(changed))
    for part in verdict.partials:
        SealedPart.objects.filter(file=file, kind=part.what).update(gone_from=part.must_be_gone_from, basis=part.basis)
