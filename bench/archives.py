"""The archive at 20,000 and 200,000 files (2,000,000 with --full): due selection, search, erasure, memory, readers.

Files are made by the project's own generator and code and brought by COPY. For two million, files that are only there
to be many are copied inside the database from real ones, with new numbers and dates that are not due.
"""

import io
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from bench.report import Row, publish
from bench.stage import stage

SIZES = (20_000, 200_000)
LARGEST = 2_000_000
DUE = 2_000
ERASED = 20_000
CHUNK = 5_000
READS = 400
READS_PER_SECOND = 40


def main(arguments: list[str]) -> None:
    """Measure; `--full` adds the largest size, `--small` stops at 20,000."""
    sizes = (*SIZES, LARGEST) if "--full" in arguments else SIZES[:1] if "--small" in arguments else SIZES
    rows: list[Row] = []
    with stage() as env:
        held, figures = 0, {}
        for size in sizes:
            held = fill(held, size, rows)
            figures[size] = at_size(size, rows)
        growth(figures, rows)
        erasure(env, sizes[-1], rows)
    publish("archives", rows)


def fill(held: int, size: int, rows: list[Row]) -> int:
    """Bring the archive to `size` files, none of them due."""
    from django.db import connection

    from archives.models import VisaFile

    missing = size - held
    real = min(missing, SIZES[-1])
    started = time.perf_counter()
    bring(real, seed=size, start=held)
    while (count := VisaFile.objects.count()) < size:
        clone(min(size - count, 200_000))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    rows.append(Row(f"fill to {size:,}", missing / (time.perf_counter() - started), "files/s"))
    return size


def bring(count: int, seed: int, start: int, *, due: bool = False) -> None:
    """`count` generated files by COPY: the same rows that `add_files` writes. `due`: all are refusals that are due."""
    from archives.dating import erasure_day
    from archives.domain.retention import Event, EventType
    from archives.synthetic import make_files

    now = datetime.now(UTC)
    today = erasure_day(now)
    files: Iterator[Any] = make_files(count, seed, ["dz-alg", "ma-rab", "tn-tun"], today, start=start)
    if due:
        from dataclasses import replace

        day = today - timedelta(days=5 * 366 + 10)
        history = (Event(EventType.FILE_CREATED, day), Event(EventType.REFUSED, day))
        files = (replace(f, events=history, profile="VIS", category="C", parts={}) for f in files)
    while chunk := list(islice(files, CHUNK)):
        _copy_chunk(chunk, now)


def _copy_chunk(chunk: list[Any], now: datetime) -> None:
    import secrets

    from archives.actions.add_files import _parts, _record, _row
    from archives.dating import as_row
    from archives.models import FileEvent, FileKey, ProcessingRecord, SealedPart, VisaFile
    from archives.sealing import FILE, WRAP
    from vault.cipher import encrypt

    refs = [(f.id, FILE) for f in chunk] + [(f.id, _part(kind)) for f in chunk for kind in f.parts]
    keys = {ref: secrets.token_bytes(32) for ref in refs}
    verdicts = [f.verdict(None) for f in chunk]
    copy(FileKey, [FileKey(ref=r, part=p, wrapped=encrypt(k, WRAP), made_at=now) for (r, p), k in keys.items()])
    pairs = list(zip(chunk, verdicts, strict=True))
    copy(VisaFile, [_row(f, verdict, keys[f.id, FILE], now) for f, verdict in pairs])
    copy(FileEvent, [as_row(event, f.id, now, None) for f in chunk for event in f.events])
    copy(SealedPart, [part for f, verdict in pairs for part in _parts(f, verdict, keys)])
    copy(ProcessingRecord, [_record(f, now, None) for f in chunk])


def _part(kind: str) -> int:
    from archives.actions.add_files import PART_OF_KIND

    return PART_OF_KIND[kind]


def copy(model: Any, objects: list[Any]) -> None:
    """COPY objects of one model into its table."""
    from django.db import connections, router

    fields = [
        field
        for field in model._meta.concrete_fields
        if field.attname != "id" or not field.get_internal_type().endswith("AutoField")
    ]
    text = io.StringIO()
    for one in objects:
        text.write("\t".join(_text(getattr(one, field.attname)) for field in fields) + "\n")
    text.seek(0)
    names = ", ".join(f'"{field.column}"' for field in fields)
    with connections[router.db_for_write(model)].cursor() as cursor:
        cursor.copy_expert(f"COPY {model._meta.db_table} ({names}) FROM STDIN", text)


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, list):
        return "{" + ",".join(map(str, value)) + "}"
    return str(value).replace("\\", "\\\\").replace("\t", " ").replace("\n", " ")


def clone(count: int) -> None:
    """Copies inside the database: same shape, new ids and numbers, not due; their sealed data do not open."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH source AS (SELECT * FROM archives_visafile WHERE gone_from IS NOT NULL LIMIT %s)
            INSERT INTO archives_visafile (id, post_key, category, profile, created_on, status, state, start_date,
                start_basis, ordinary_last_day, gone_from, advance_basis, floor_until, file_number_index,
                passport_index, visa_number_index, birth_index, email_index, name_keys, sealed, import_digest,
                entered_at)
            SELECT gen_random_uuid(), post_key, category, profile, created_on, status, state, start_date, start_basis,
                ordinary_last_day, gone_from, advance_basis, floor_until, uuid_send(gen_random_uuid()),
                uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid()), birth_index, uuid_send(gen_random_uuid()),
                name_keys, sealed, import_digest, entered_at FROM source""",
            [count],
        )


def at_size(size: int, rows: list[Row]) -> dict[str, float]:
    """Due selection and search at this size; the due files are taken away again."""
    from django.db import connection

    from archives.dating import erasure_day
    from archives.erasure.batch import _DUE
    from archives.erasure.permission import erasing
    from archives.models import VisaFile

    bring(DUE, seed=7 + size, start=900_000_000, due=True)
    today = erasure_day(datetime.now(UTC))

    def select_due() -> None:
        with erasing(), connection.cursor() as cursor:
            cursor.execute(_DUE, [today, DUE])
            must(len(cursor.fetchall()) == DUE, "all due files were selected")

    due = timed(select_due, 15)
    found = statistics.median(search_times(READS))
    from archives.erasure.run import run_erasure

    run_erasure(datetime.now(UTC))
    must(not VisaFile.objects.filter(gone_from__lte=today).exists(), "nothing due is left")
    rows += [
        Row(f"due selection of {DUE:,} in {size:,}", due * 1000, "ms"),
        Row(f"search by passport in {size:,}, median", found * 1000, "ms"),
    ]
    return {"due": due, "search": found}


def timed(work: Callable[[], None], times: int) -> float:
    """Median seconds of several goes."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def search_times(count: int, per_second: float = 0) -> list[float]:
    """Seconds of each of `count` searches by passport number, of files that can be opened."""
    from accounts.access import Scope
    from archives.models import FileKey, VisaFile
    from archives.queries.search import search
    from archives.sealing import holders_of

    everybody = Scope(everything=True, post_keys=frozenset())
    cut = date.today() + timedelta(days=30)  # noqa: DTZ011 - only keeps clear of what is being erased
    refs = FileKey.objects.filter(part=0).order_by("ref").values_list("ref", flat=True)[:3000]
    files = VisaFile.objects.filter(pk__in=list(refs), gone_from__gt=cut)[:count]
    numbers = [holder.passport_number for holder in holders_of(files).values()]
    for number in numbers[:20]:
        search(everybody, passport=number)
    times = []
    for turn in range(count):
        started = time.perf_counter()
        must(bool(search(everybody, passport=numbers[turn % len(numbers)]).rows), "the file is found")
        times.append(time.perf_counter() - started)
        if per_second:
            time.sleep(max(0, 1 / per_second - times[-1]))
    return times


def growth(figures: dict[int, dict[str, float]], rows: list[Row]) -> None:
    """How the two grow from the smallest to the largest size."""
    first, last = min(figures), max(figures)
    for name, words in (("due", "due selection"), ("search", "search by passport")):
        ratio = figures[last][name] / figures[first][name]
        rows.append(Row(f"growth of {words}, {first:,} to {last:,}", ratio, "times", "≤ 2", ratio <= 2))


def erasure(env: dict[str, str], size: int, rows: list[Row]) -> None:
    """Erase many files by the command itself, with readers beside it."""
    count = ERASED if size >= SIZES[-1] else 5_000
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    idle = p99(search_times(READS, READS_PER_SECOND))
    bring(count, seed=3, start=800_000_000, due=True)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "purge"], env=os.environ | env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    busy: list[float] = []
    while process.poll() is None:
        busy += search_times(20, READS_PER_SECOND)
    must(process.returncode == 0, f"the run ends well: {process.stderr and process.stderr.read()!r}")
    total = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    start_up = timed(
        lambda: subprocess.run(
            [sys.executable, "manage.py", "purge"], env=os.environ | env, check=True, stdout=subprocess.DEVNULL
        ),
        3,
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    speed = count / total
    during = p99(busy)
    rows += [
        Row(f"erasure of {count:,} of {size:,}, the whole command", speed, "files/s", "≥ 1,000", speed >= 1000),
        Row("the same without starting Python", count / max(0.001, total - start_up), "files/s"),
        Row("processor time of the eraser, start included", seconds / count * 1000, "ms/file"),
        Row("other load: processes that want a core", os.getloadavg()[0], "average", note=f"on {os.cpu_count()} cores"),
        Row("memory of the eraser, peak", peak, "MB", "≤ 300", peak <= 300),
        Row("readers' p99 without erasure", idle * 1000, "ms"),
        Row("readers' p99 during erasure", during * 1000, "ms", note=f"{len(busy)} reads"),
        Row("ratio of the two", during / idle, "times", "≤ 2", during / idle <= 2),
    ]


def must(true: bool, what: str) -> None:
    """A figure of something that did not happen is worth nothing."""
    if not true:
        raise RuntimeError(f"Expected that {what}.")


def p99(times: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(times, n=100)[98]
