"""An import from the file to the archive: read and checked, looked at, carried out, reported."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count

from appointments.models import Post
from appointments.watch.csv_rows import safe_cell
from archives.actions.add_files import NewFile, add_files
from archives.actions.change_holder import change_holder
from archives.actions.links import link_earlier, link_group
from archives.actions.record_event import record_event
from archives.dating import DEFAULT_ZONE, events_of
from archives.domain.retention import HistoryRefusedError
from archives.importing.checking import Checked, Problem, check_row
from archives.importing.reading import RawRow, rows_of
from archives.importing.wording import sentence
from archives.indexing import file_number_index
from archives.models import ImportBatch, ImportRow, VisaFile
from archives.sealing import holders_of
from vault.text import document_number

CHUNK = 200
Outcome = ImportRow.Outcome


def read_batch(stream: BinaryIO, name: str, post_key: str, now: datetime, author_id: int | None) -> ImportBatch:
    """Read a file and check every row; nothing enters the archive yet. Raises NotReadableError."""
    seen: set[str] = set()
    with transaction.atomic():
        batch = ImportBatch.objects.create(post_key=post_key, author_id=author_id, made_at=now)
        columns: dict[str, None] = {}
        for chunk in _chunks(rows_of(stream, name)):
            for raw in chunk:
                columns |= dict.fromkeys(str(key) for key in raw.values if key != "…")
            ImportRow.objects.bulk_create([_checked_row(batch, raw, seen, now) for raw in chunk])
        batch.columns = list(columns)
        batch.save(update_fields=["columns"])
    return batch


def _chunks(rows: Iterable[RawRow]) -> Iterator[list[RawRow]]:
    chunk: list[RawRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _zone(post_key: str) -> str:
    return Post.objects.filter(key=post_key).values_list("timezone", flat=True).first() or DEFAULT_ZONE


def _check(content: dict[str, Any], post_key: str, now: datetime) -> Checked | list[Problem]:
    zone = _zone(post_key)
    return check_row(content, post_key, now.astimezone(ZoneInfo(zone)).date(), zone)


def _checked_row(batch: ImportBatch, raw: RawRow, seen: set[str], now: datetime) -> ImportRow:
    checked = _check(raw.values, batch.post_key, now)
    problems: list[Problem] = checked if isinstance(checked, list) else []
    number = document_number(str(raw.values.get("file_number", "")))
    if number and number in seen:
        problems = [*problems, ("file_number", "twice_in_file", {})]
    seen.add(number)
    return ImportRow(
        batch=batch,
        line=raw.line,
        content=raw.values,
        outcome=Outcome.REFUSED if problems else Outcome.READY,
        problems=problems,
    )


def carry_out(batch: ImportBatch, now: datetime, limit: int) -> bool:
    """Import up to `limit` rows that are ready; True when none is left. Each chunk is a transaction; call again."""
    while limit > 0:
        with transaction.atomic():
            rows = list(
                batch.rows.select_for_update(skip_locked=True).filter(outcome=Outcome.READY).order_by("line")[:CHUNK]
            )
            if not rows:
                break
            _import_rows(batch, rows, now)
            limit -= len(rows)
    if batch.rows.filter(outcome=Outcome.READY).exists():
        return False
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.DONE, finished_at=now)
    return True


def _import_rows(batch: ImportBatch, rows: list[ImportRow], now: datetime) -> None:
    """One chunk: what is known already is compared, what is new is added together, then links are made."""
    checked: list[tuple[ImportRow, Checked]] = []
    for row in rows:
        result = _check(row.content, batch.post_key, now)
        if isinstance(result, list):
            row.outcome, row.problems = Outcome.REFUSED, result
        else:
            checked.append((row, result))
    held = _held(batch.post_key, [one.file for _, one in checked])
    fresh: list[tuple[ImportRow, Checked]] = []
    for row, one in checked:
        known = held.get(file_number_index(one.file.holder.file_number) or b"")
        if known is None:
            fresh.append((row, one))
        else:
            _meet(row, one, known, now, batch.author_id)
    _add(batch, fresh, now)
    for row in rows:
        if row.outcome != Outcome.REFUSED:
            row.content = None
    ImportRow.objects.bulk_update(rows, ["outcome", "problems", "content"])


def _add(batch: ImportBatch, fresh: list[tuple[ImportRow, Checked]], now: datetime) -> None:
    linked, alone = [], []
    numbers = {document_number(one.file.holder.file_number) for _, one in fresh}
    for row, one in fresh:
        earlier = one.earlier_file
        if earlier and document_number(earlier) not in numbers and not _find(batch.post_key, earlier):
            row.outcome, row.problems = Outcome.REFUSED, [("earlier_file", "unknown_earlier_file", {})]
            continue
        alone.append(one.file)
        linked.append(one)
        row.outcome = Outcome.NEW
    add_files(alone, now, batch.author_id)
    groups: dict[str, list[Any]] = {}
    for one in linked:
        if one.earlier_file and (earlier_id := _find(batch.post_key, one.earlier_file)):
            link_earlier(earlier_id, one.file.id)
        if one.group:
            groups.setdefault(one.group, []).append(one.file.id)
    for members in groups.values():
        link_group(members)


def _find(post_key: str, file_number: str) -> Any:
    index = file_number_index(file_number)
    return VisaFile.objects.filter(post_key=post_key, file_number_index=index).values_list("pk", flat=True).first()


def _held(post_key: str, files: list[NewFile]) -> dict[bytes, VisaFile]:
    indexes = [file_number_index(file.holder.file_number) for file in files]
    found = VisaFile.objects.filter(post_key=post_key, file_number_index__in=indexes)
    return {bytes(file.file_number_index): file for file in found}


def _meet(row: ImportRow, one: Checked, held: VisaFile, now: datetime, actor: int | None) -> None:
    """The archive has this number: the same row is nothing new; later events and values that were missing are added."""
    if held.import_digest is not None and bytes(held.import_digest) == one.file.import_digest:
        row.outcome = Outcome.UNCHANGED
        return
    before, brought = holders_of([held])[held.pk].as_mapping(), one.file.holder.as_mapping()
    if any(brought.get(name) != value for name, value in before.items()):
        row.outcome, row.problems = Outcome.REFUSED, [("file_number", "differs", {})]
        return
    known, events = events_of([held.pk])[held.pk], list(one.file.events)
    if events[: len(known)] != known:
        row.outcome, row.problems = Outcome.REFUSED, [("events", "events_differ", {})]
        return
    try:
        with transaction.atomic():
            for event in events[len(known) :]:
                record_event(held.pk, event, now, actor)
            if brought != before:
                change_holder(held, one.file.holder, now, actor)
            VisaFile.objects.filter(pk=held.pk).update(import_digest=one.file.import_digest)
    except HistoryRefusedError as refused:
        row.outcome, row.problems = Outcome.REFUSED, [("events", refused.reason.value, refused.data)]
        return
    row.outcome = Outcome.ADDED_TO if len(events) > len(known) or brought != before else Outcome.UNCHANGED


def counts(batch: ImportBatch) -> dict[str, int]:
    """How many rows of each outcome: the progress."""
    return dict(batch.rows.values_list("outcome").annotate(n=Count("pk")).order_by("outcome"))


def report(batch: ImportBatch) -> Iterator[str]:
    """The rows that were refused as CSV, with what is wrong in the last column: mend, and bring it again.

    The last column is ignored when it comes back. Cells that a spreadsheet would run as a formula are quoted.
    """
    columns = [name for name in batch.columns if name != "problems"]
    yield _line([*(_cell(name) for name in columns), "problems"])
    for row in batch.rows.filter(outcome=Outcome.REFUSED).order_by("line").iterator(CHUNK):
        content = row.content or {}
        said = "; ".join(f"{field}: {sentence(code, data)}" for field, code, data in row.problems)
        yield _line([*(_cell(content.get(name, "")) for name in columns), _cell(f"line {row.line}: {said}")])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        text = "; ".join(_event_text(item) for item in value)
    else:
        text = value if isinstance(value, str) else "" if value is None else str(value)
    return str(safe_cell(text))


def _event_text(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    rest = [f"{key}={value}" for key, value in item.items() if key not in ("type", "date")]
    return " ".join([str(item.get("type", "")), str(item.get("date", "")), *rest])


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
