"""The archive at 20,000 and 200,000 files (2,000,000 with --full): due selection, search, erasure, memory, readers.

Files are made by the project's own generator and code and brought by COPY. Beyond 200,000, files that are only there to
be many are copied inside the database from real ones, with new numbers and dates that are not due.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench.archive_files import bring, copy_inside, vacuum
from bench.meter import cpu_seconds
from bench.report import Row, publish
from bench.stage import stage

SIZES = (20_000, 200_000)
LARGEST = 2_000_000
DUE = 2_000
ERASED = 20_000
READS = 800
READS_PER_SECOND = 40


def main(arguments: list[str]) -> None:
    """Measure; `--full` adds the largest size, `--small` stops at 20,000; `--kills`: a hundred killed runs instead."""
    if "--kills" in arguments:
        publish("archives-kills", [_killed_runs(100)])
        return
    sizes = (*SIZES, LARGEST) if "--full" in arguments else SIZES[:1] if "--small" in arguments else SIZES
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="visa-booking-bench-") as stored:
        os.environ["TEST_UPLOAD_DIR"] = stored  # the eraser is a process of its own and has to find the same files
        with stage() as env:
            held, figures = 0, {}
            for size in sizes:
                held = fill(held, size, rows)
                figures[size] = at_size(size, rows)
            growth(figures, rows)
            erasure(env, sizes[-1], rows)
    publish("archives", rows)


def _killed_runs(rounds: int) -> Row:
    """Runs of erasure killed with SIGKILL at random points, by the test that checks what is left."""
    test = ["tests/archives/test_erasure_processes.py", "-k", "random_points", "-q", "-n0", "-o", "timeout=1200"]
    done = subprocess.run(
        [sys.executable, "dev.py", "test", *test], env=os.environ | {"ERASURE_KILLS": str(rounds)}, check=False
    )
    holds = done.returncode == 0
    return Row(
        "erasure runs killed at random points", rounds, "runs", "nothing early, nothing twice, nothing left", holds
    )


def fill(held: int, size: int, rows: list[Row]) -> int:
    """Bring the archive to `size` files, none of them due."""
    from archives.models import VisaFile

    real = min(size, SIZES[-1]) - held
    if real > 0:
        cpu, started = time.process_time(), time.perf_counter()
        bring(real, seed=size, start=held)
        rows += [
            Row(f"generated up to {size:,}", real / (time.perf_counter() - started), "files/s"),
            Row("- processor time of the generator", (time.process_time() - cpu) / real * 1000, "ms/file"),
        ]
    started, before = time.perf_counter(), VisaFile.objects.count()
    while (count := VisaFile.objects.count()) < size:
        copy_inside(min(size - count, SIZES[-1] * 9 // 10))
    if size > before + 1000:
        rows.append(Row(f"copied up to {size:,}", (size - before) / (time.perf_counter() - started), "files/s"))
    vacuum()
    print(f"{size:,} files are there.", flush=True)
    return size


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
    from archives.models import VisaFile
    from archives.queries.search import search
    from archives.sealing import holders_of

    everybody = Scope(everything=True, post_keys=frozenset())
    cut = date.today() + timedelta(days=30)  # noqa: DTZ011 - only keeps clear of what is being erased
    files = VisaFile.objects.filter(import_digest__isnull=True, gone_from__gt=cut)[:count]
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
    search_times(100)
    bring(count, seed=3, start=800_000_000, due=True)
    vacuum()
    idle = p99(search_times(READS, READS_PER_SECOND))
    load = os.getloadavg()[0]
    server, own = _database_pids()
    python, database = _children_cpu(), cpu_seconds([server]) - cpu_seconds(own)
    started = time.perf_counter()
    process = _purge(env)
    busy: list[float] = []
    while process.poll() is None:
        busy += search_times(20, READS_PER_SECOND)
    must(process.returncode == 0, f"the run ends well: {process.stderr and process.stderr.read()!r}")
    total = time.perf_counter() - started
    python = _children_cpu() - python
    database = cpu_seconds([server]) - cpu_seconds(own) - database
    start_up = timed(lambda: must(_purge(env).wait() == 0, "an empty run ends well"), 3)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    speed, during = count / total, p99(busy)
    rows += [
        Row(f"erasure of {count:,} of {size:,}, the whole command", speed, "files/s", "≥ 1,000", speed >= 1000),
        Row("- without starting Python and an empty run", count / max(0.001, total - start_up), "files/s"),
        Row("processor time: eraser, start included", python / count * 1000, "ms/file"),
        Row("processor time: PostgreSQL without the readers", database / count * 1000, "ms/file"),
        Row("other load before the erasure", load, "average", note=f"on {os.cpu_count()} cores"),
        Row("memory of the eraser, peak", peak, "MB", "≤ 300", peak <= 300),
        Row("readers' p99 without erasure", idle * 1000, "ms", note=f"{READS} reads"),
        Row("readers' p99 during erasure", during * 1000, "ms", note=f"{len(busy)} reads"),
        Row("ratio of the two", during / idle, "times", "≤ 2", during / idle <= 2),
    ]


def _purge(env: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "manage.py", "purge"]
    return subprocess.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _database_pids() -> tuple[int, list[int]]:
    """The server's first process, and those of our own connections (the readers')."""
    from django.db import connections

    own = []
    for alias in ("default", "vault_keys"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            own.append(int(cursor.fetchone()[0]))
    parent = int(Path(f"/proc/{own[0]}/stat").read_text().rpartition(")")[2].split()[1])
    return parent, own


def must(true: bool, what: str) -> None:
    """A figure of something that did not happen is worth nothing."""
    if not true:
        raise RuntimeError(f"Expected that {what}.")


def p99(times: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(times, n=100)[98]
