"""Once a week: look through everything for what should be gone, without knowing what was erased.

The identifiers of erased people are not kept, so they cannot be looked for again. What can be proved is that nothing
past its day is left, that no key, no stored file and no link is left without its file, and that no identifier stands
in clear anywhere: words of every text column and stored file are hashed, and compared with the living files' indexes.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.core.files.storage import default_storage
from django.db import connection

from archives.dating import erasure_day
from archives.domain.mentions import SHORTEST
from archives.erasure.residue import find_in_files, scanned_columns
from archives.indexing import email_index, passport_index, visa_number_index
from archives.models import FileDocument, FileKey, ProcessingRecord, RestrictedCopy, SealedPart, VisaFile

log = structlog.get_logger(__name__)

CHUNK = 5000
# A key is written before its file: one that is younger may belong to a file that is just being added.
SETTLED = timedelta(days=1)
_WORDS = """
SELECT DISTINCT word FROM {table}, regexp_split_to_table(upper(concat_ws(' ', {columns})), '[^A-Z0-9@._+-]+') word
WHERE length(word) >= %s AND (word ~ '[0-9]' OR word LIKE '%%@%%')
"""


class LeftBehindError(Exception):
    """The scan found what should not be there; `places` say where and how much, never what."""

    def __init__(self, places: list[str]) -> None:
        """`places` in words for staff."""
        super().__init__("; ".join(places))
        self.places = places


def full_scan(now: datetime) -> dict[str, int]:
    """Returns how many orphans were destroyed, by kind. Raises LeftBehindError after everything was looked at."""
    destroyed = {"keys": destroy_orphan_keys(now), "stored_files": destroy_orphan_blobs(now)}
    places = [*overdue(now), *unreadable(), *in_clear()]
    log.info("erasure_full_scan", places=len(places), **destroyed)
    if places:
        log.error("erasure_full_scan_found", places=places)
        raise LeftBehindError(places)
    return destroyed


def overdue(now: datetime) -> Iterator[str]:
    """Rows that a night should have erased before today."""
    yesterday = erasure_day(now) - timedelta(days=1)
    for model in (VisaFile, SealedPart, RestrictedCopy, ProcessingRecord):
        count = model._default_manager.filter(gone_from__lte=yesterday).count()
        if count:
            yield f"{model._meta.db_table}: {count} past their day"


def _key_chunks(before: datetime) -> Iterator[list[tuple[int, uuid.UUID, int]]]:
    last = 0
    while True:
        rows = list(
            FileKey.objects.filter(pk__gt=last, made_at__lt=before)
            .order_by("pk")
            .values_list("pk", "ref", "part")[:CHUNK]
        )
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def destroy_orphan_keys(now: datetime) -> int:
    """Keys whose file, part or copy does not exist: of an addition that was rolled back, or an erasure that was cut."""
    destroyed = 0
    for rows in _key_chunks(now - SETTLED):
        refs = {ref for _, ref, _ in rows}
        living = set(VisaFile.objects.filter(pk__in=refs).values_list("pk", flat=True))
        living |= set(RestrictedCopy.objects.filter(pk__in=refs).values_list("pk", flat=True))
        orphans = [pk for pk, ref, _ in rows if ref not in living]
        destroyed += FileKey.objects.filter(pk__in=orphans).delete()[0]
    return destroyed


def destroy_orphan_blobs(now: datetime) -> int:
    """Stored documents of no file."""
    destroyed = 0
    if not default_storage.exists("sealed"):
        return 0
    for folder in default_storage.listdir("sealed")[0]:
        names = [f"sealed/{folder}/{name}" for name in default_storage.listdir(f"sealed/{folder}")[1]]
        living = set(FileDocument.objects.filter(blob__in=names).values_list("blob", flat=True))
        for name in set(names) - living:
            if default_storage.get_modified_time(name) < now - SETTLED:
                default_storage.delete(name)
                destroyed += 1
    return destroyed


def unreadable() -> Iterator[str]:
    """Files that still stand although their key is gone: an erasure that did not take everything."""
    missing, last = 0, uuid.UUID(int=0)
    while ids := list(VisaFile.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        held = set(FileKey.objects.filter(ref__in=ids, part=FileKey.Part.FILE).values_list("ref", flat=True))
        missing += len(set(ids) - held)
        last = ids[-1]
    if missing:
        yield f"archives_visafile: {missing} without a key"


def in_clear() -> Iterator[str]:
    """Text columns and stored files in which an identifier of a living file stands readable."""
    with connection.cursor() as cursor:
        for table, columns in scanned_columns().items():
            listed = ", ".join(f'"{name}"::text' for name in columns)
            cursor.execute(_WORDS.format(table=f'"{table}"', columns=listed), [SHORTEST])
            while words := [row[0] for row in cursor.fetchmany(CHUNK)]:
                if carried(set(words)):
                    yield f"{table} ({', '.join(columns)}): identifiers in clear"
                    break
    for place in find_in_files(_Carried(), everything=True):
        yield f"{place}: identifiers in clear"


def carried(words: set[str]) -> set[str]:
    """Those of the words that are a passport number, visa number or address of a living file."""
    found: set[str] = set()
    for column, index in (
        ("passport_index", passport_index),
        ("visa_number_index", visa_number_index),
        ("email_index", email_index),
    ):
        by_index = {value: word for word in words if (value := index(word)) is not None}
        if by_index:
            rows = VisaFile.objects.filter(**{f"{column}__in": list(by_index)}).values_list(column, flat=True)
            found |= {by_index[bytes(row)] for row in rows}
    return found


class _Carried(set[str]):
    """Stands in for a set of identifiers: asks the indexes instead of holding them."""

    def __rand__(self, words: object) -> set[str]:
        return carried({word for word in words if len(word) >= SHORTEST}) if isinstance(words, set) else set()
