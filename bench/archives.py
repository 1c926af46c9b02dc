"""The archive at 20,000 and 200,000 files (2,000,000 with --full): due selection, search, erasure, memory, readers.

The first 20,000 files and all that are erased are made by the project's own generator and code and brought by COPY.
Files that are only there to be many are copied inside the database from them, with new numbers, none of them due.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from bench.archive_copies import copy_inside
from bench.archive_files import bring, vacuum
from bench.archive_reads import (
    Cost,
    Own,
    connection_pids,
    look_up,
    passport_numbers,
    search_statement,
    search_times,
)  # fmt: skip
from bench.archive_traces import dumps, names_of, seen_in, stored
from bench.meter import cpu_seconds, high_water_mb
from bench.report import Row, publish
from bench.stage import stage

SIZES = (20_000, 200_000)
LARGEST = 2_000_000
REAL = 20_000
DUE = 2_000
ERASED = 20_000
READS = 800
READS_PER_SECOND = 40
WHAT = {"due": f"due selection of {DUE:,}", "search": "search by passport number"}


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
            begun = time.perf_counter()
            for size in sizes:
                held = fill(held, size, rows)
                figures[size] = at_size(size, rows)
            growth(figures, rows)
            erasure(env, sizes[-1], rows)
            rows.append(Row("the whole measurement", (time.perf_counter() - begun) / 60, "minutes"))
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
    """Bring the archive to `size` files, none of them due: real ones first, then copies of them."""
    from archives.models import VisaFile

    started, cpu = time.perf_counter(), time.process_time()
    if not held:
        bring(REAL, seed=size, start=0)
        rows += [
            Row(f"generated up to {REAL:,}", REAL / (time.perf_counter() - started), "files/s"),
            Row("- processor time of the generator", (time.process_time() - cpu) / REAL * 1000, "ms/file"),
        ]
    standing = VisaFile.objects.count()
    if standing < size:
        copy_inside(size - standing, REAL)
        rows.append(Row(f"copied up to {size:,}", (size - standing) / (time.perf_counter() - started), "files/s"))
    vacuum()
    print(f"{size:,} files are there after {time.perf_counter() - started:.0f} s.", flush=True)
    return size


def at_size(size: int, rows: list[Row]) -> dict[str, Cost]:
    """Due selection and search at this size; the due files are taken away again."""
    from django.db import connection

    from archives.dating import erasure_day
    from archives.erasure.batch import _DUE
    from archives.erasure.permission import erasing
    from archives.erasure.run import run_erasure
    from archives.models import VisaFile

    bring(DUE, seed=7 + size, start=900_000_000, due=True)
    vacuum()
    meter, today = Own(), erasure_day(datetime.now(UTC))

    def select_due() -> None:
        with erasing(), connection.cursor() as cursor:
            cursor.execute(_DUE, [today, DUE])
            must(len(cursor.fetchall()) == DUE, "all due files were selected")

    numbers = cycle(passport_numbers(READS))
    found = {
        "due": meter.cost(select_due, 20, 1, plan=(_DUE, [today, DUE])),
        "search": meter.cost(lambda: look_up(next(numbers)), 20, READS // 20, plan=search_statement(next(numbers))),
    }
    run_erasure(datetime.now(UTC))
    must(not VisaFile.objects.filter(gone_from__lte=today).exists(), "nothing due is left")
    for name, words in WHAT.items():
        cost = found[name]
        rows.append(Row(f"{words}, {size:,} files: processor time", cost.cpu * 1000, "ms", note=cost.note()))
    return found


def growth(figures: dict[int, dict[str, Cost]], rows: list[Row]) -> None:
    """How the two grow from the smallest to the largest size: by what they cost, and by what a reader waits."""
    first, last = min(figures), max(figures)
    for name, words in WHAT.items():
        small, large = figures[first][name], figures[last][name]
        for how, ratio in (("processor time", large.cpu / small.cpu), ("wall time", large.wall / small.wall)):
            rows.append(Row(f"{words}, growth to {last:,}: {how}", ratio, "times", "≤ 2", ratio <= 2))


def erasure(env: dict[str, str], size: int, rows: list[Row]) -> None:
    """Erase many files by the command itself, with readers beside it."""
    count = ERASED if size >= SIZES[-1] else 5_000
    bring(count, seed=3, start=800_000_000, due=True)
    vacuum()
    numbers, erased = passport_numbers(READS), _names_of_due()
    idle = p99(search_times(numbers, READS_PER_SECOND))
    load = os.getloadavg()[0]
    server, own = _database_pids()
    python, database = _children_cpu(), cpu_seconds([server]) - cpu_seconds(own)
    started = time.perf_counter()
    process = _purge(env)
    busy: list[float] = []
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, high_water_mb(process.pid))
        busy += search_times(numbers[len(busy) % READS :][:10], READS_PER_SECOND)
    must(process.returncode == 0, f"the run ends well: {process.stderr and process.stderr.read()!r}")
    total = time.perf_counter() - started
    python = _children_cpu() - python
    database = cpu_seconds([server]) - cpu_seconds(own) - database
    start_up = statistics.median(_empty_run(env) for _ in range(3))
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
    traces(env, erased, rows)


def _names_of_due() -> frozenset[bytes]:
    from archives.dating import erasure_day
    from archives.models import VisaFile

    due = VisaFile.objects.filter(gone_from__lte=erasure_day(datetime.now(UTC)))
    return names_of(due)


def traces(env: dict[str, str], erased: frozenset[bytes], rows: list[Row]) -> None:
    """A full dump of both databases and all stored files, after the run; the control are files that stand."""
    from archives.models import VisaFile

    standing = frozenset(str(key).encode() for key in VisaFile.objects.values_list("pk", flat=True)[:100])
    dump, files = seen_in(dumps(env), erased | standing), seen_in(stored(), erased)
    must(standing <= dump.found, "the control finds the files that stand")
    left = len(dump.found - standing) + len(files.found)
    note = f"{len(erased):,} looked for in {dump.megabytes:,.0f} MB of dump and {files.pieces:,} stored files"
    rows.append(Row("names of erased files in a full dump and in stored files", left, "", "0", left == 0, note))


def _purge(env: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "manage.py", "purge"]
    return subprocess.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _empty_run(env: dict[str, str]) -> float:
    """Seconds of the command where nothing is due."""
    started = time.perf_counter()
    must(_purge(env).wait() == 0, "an empty run ends well")
    return time.perf_counter() - started


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _database_pids() -> tuple[int, list[int]]:
    """The server's first process, and those of our own connections (the readers')."""
    own = connection_pids()
    parent = int(Path(f"/proc/{own[0]}/stat").read_text().rpartition(")")[2].split()[1])
    return parent, own


def must(true: bool, what: str) -> None:
    """A figure of something that did not happen is worth nothing."""
    if not true:
        raise RuntimeError(f"Expected that {what}.")


def p99(times: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(times, n=100)[98]
