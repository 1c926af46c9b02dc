"""Many visa files for a measurement: generated, brought by COPY, and for the largest sizes copied in the database."""

# ruff: noqa: S608 - the statements are put together from the constants of this module alone

import io
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any

CHUNK = 5_000
DOCUMENT_BYTES = 20_000
_COPIED_COLUMNS = (
    "post_key, category, profile, created_on, status, state, start_date, start_basis, ordinary_last_day, gone_from,"
    " advance_basis, floor_until, birth_index, name_keys, mentions, sealed, entered_at"
)
_COPIES = (
    """CREATE TEMPORARY TABLE copied ON COMMIT DROP AS
       SELECT id AS old, gen_random_uuid() AS new FROM archives_visafile
       WHERE import_digest IS NULL AND gone_from IS NOT NULL LIMIT %s""",
    f"""INSERT INTO archives_visafile (id, import_digest, file_number_index, passport_index, visa_number_index,
            email_index, {_COPIED_COLUMNS})
        SELECT new, 'copy', uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid()),
            uuid_send(gen_random_uuid()), {_COPIED_COLUMNS} FROM copied JOIN archives_visafile ON id = old""",
    """INSERT INTO archives_fileevent (file_id, type, date, valid_from, valid_until, category, field, value,
            recorded_at)
       SELECT new, type, date, valid_from, valid_until, category, field, value, recorded_at
       FROM copied JOIN archives_fileevent ON file_id = old""",
    """INSERT INTO archives_sealedpart (file_id, kind, sealed, gone_from, basis)
       SELECT new, kind, sealed, gone_from, basis FROM copied JOIN archives_sealedpart ON file_id = old""",
    """INSERT INTO archives_processingrecord (file_ref, post_key, purpose, kind_of_data, at)
       SELECT new, post_key, purpose, kind_of_data, at FROM copied JOIN archives_processingrecord ON file_ref = old""",
)
_COPIED_KEYS = """INSERT INTO archives_filekey (ref, part, wrapped, made_at)
    SELECT gen_random_uuid(), 0, wrapped, made_at FROM archives_filekey LIMIT %s"""


def bring(count: int, seed: int, start: int, *, due: bool = False) -> None:
    """`count` generated files by COPY: the same rows that `add_files` writes.

    `due`: all are refusals that are due, every fifth with a stored document, every tenth linked to the next.
    """
    from archives.dating import erasure_day
    from archives.domain.retention import Event, EventType
    from archives.synthetic import make_files

    now = datetime.now(UTC)
    today = erasure_day(now)
    files: Iterator[Any] = make_files(count, seed, ["dz-alg", "ma-rab", "tn-tun"], today, start=start)
    if due:
        day = today - timedelta(days=5 * 366 + 10)
        history = (Event(EventType.FILE_CREATED, day), Event(EventType.REFUSED, day))
        files = (replace(f, events=history, profile="VIS", category="C", parts={}) for f in files)
    while chunk := list(islice(files, CHUNK)):
        _copy_chunk(chunk, now)
        if due:
            _documents_and_links(chunk, now)


def _copy_chunk(chunk: list[Any], now: datetime) -> None:
    from archives.actions.add_files import PART_OF_KIND, _parts, _record, _row
    from archives.dating import as_row
    from archives.models import FileEvent, FileKey, ProcessingRecord, SealedPart, VisaFile
    from archives.sealing import FILE, WRAP
    from vault.cipher import encrypt

    refs = [(f.id, FILE) for f in chunk] + [(f.id, PART_OF_KIND[kind]) for f in chunk for kind in f.parts]
    keys = {ref: secrets.token_bytes(32) for ref in refs}
    verdicts = [f.verdict(None) for f in chunk]
    copy(FileKey, [FileKey(ref=r, part=p, wrapped=encrypt(k, WRAP), made_at=now) for (r, p), k in keys.items()])
    pairs = list(zip(chunk, verdicts, strict=True))
    copy(VisaFile, [_row(f, verdict, keys[f.id, FILE], now) for f, verdict in pairs])
    copy(FileEvent, [as_row(event, f.id, now, None) for f in chunk for event in f.events])
    copy(SealedPart, [part for f, verdict in pairs for part in _parts(f, verdict, keys)])
    copy(ProcessingRecord, [_record(f, now, None) for f in chunk])


def copy(model: Any, objects: list[Any]) -> None:
    """COPY objects of one model into its table."""
    from django.db import connections, router

    fields = [
        field
        for field in model._meta.concrete_fields
        if field.attname != "id" or not field.get_internal_type().endswith("AutoField")
    ]
    values = attrgetter(*(field.attname for field in fields))
    text = io.StringIO("".join("\t".join(map(_text, values(one))) + "\n" for one in objects))
    names = ", ".join(f'"{field.column}"' for field in fields)
    with connections[router.db_for_write(model)].cursor() as cursor:
        cursor.copy_expert(f"COPY {model._meta.db_table} ({names}) FROM STDIN", text)


def _text(value: Any) -> str:
    """A value as COPY reads it."""
    kind = type(value)
    if kind is bytes:
        return "\\\\x" + value.hex()
    if value is None:
        return "\\N"
    if kind is list:
        return "{" + ",".join(map(str, value)) + "}"
    return str(value)


def _documents_and_links(chunk: list[Any], now: datetime) -> None:
    """What hangs on files: stored documents under their keys, and links."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from archives.models import FileDocument, FileLink
    from archives.sealing import FILE, keys_of, seal_bytes

    held = chunk[::5]
    keys = keys_of(file.id for file in held)
    rows = []
    for file in held:
        name = secrets.token_hex(16)
        blob = f"sealed/{name[:2]}/{name[2:]}"
        body = seal_bytes(secrets.token_bytes(DOCUMENT_BYTES), (file.id, FILE), keys[file.id, FILE])
        default_storage.save(blob, ContentFile(body))
        rows.append(
            FileDocument(
                file_id=file.id, kind="form", media_type="application/pdf", blob=blob, size=20_000, stored_at=now
            )
        )
    FileDocument.objects.bulk_create(rows)
    pairs = zip(chunk[::10], chunk[1::10], strict=True)
    FileLink.objects.bulk_create([FileLink(first_id=a.id, second_id=b.id, kind="group") for a, b in pairs])


def copy_inside(count: int) -> None:
    """Copies inside the database, of every table: same shape, new ids and numbers, not due; they cannot be opened."""
    from django.db import connection, connections, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_COPIES[0], [count])
        cursor.execute("ANALYZE copied")
        for sql in _COPIES[1:]:
            cursor.execute(sql)
    with connections["vault_keys"].cursor() as cursor:
        cursor.execute(_COPIED_KEYS, [count])


def vacuum() -> None:
    """As autovacuum would in time."""
    from django.db import connections

    for alias in ("default", "vault_keys"):
        with connections[alias].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
