"""Staff: exports of up to a million rows (`--rows=`), a full day's board, five years of figures.

An export runs in a process of its own, forked from this one: what its peak of memory adds to what it began with is the
export's. A hundredth of the rows are those of one day, and all of them are those of a hundred days.
"""

import gzip
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from bench.report import Row, publish
from bench.stage import stage

if TYPE_CHECKING:
    from django.test import Client

POST = "bench-staff"
ROWS = 1_000_000
GROWTH = 1.5  # of memory, for a hundred times the rows
BOARD = 1200
TURNS = 5


def main(arguments: list[str]) -> None:
    """Measure; `--rows=N`: with so many bookings, changes and access records instead of a million."""
    given = [int(text.partition("=")[2]) for text in arguments if text.startswith("--rows=")]
    rows: list[Row] = []
    with stage(durable=False):
        exports(given[0] if given else ROWS, rows)
        board(rows)
        dashboard(rows)
    publish("staff", rows)


@dataclass(frozen=True)
class Export:
    """What one download took: lines with the head, bytes, seconds of this process and of all, MB of growth."""

    lines: int
    size: int
    cpu: float
    wall: float
    growth: float


def client_of(role: str, *posts: str) -> "Client":
    """A browser of a new member of staff that has shown both factors just now."""
    from tests.accounts.people import make_staff, signed_in

    client = signed_in(make_staff(role, *posts, name=f"bench-{role}"))
    client.defaults["SERVER_NAME"] = "localhost"
    return client


def exports(count: int, rows: list[Row]) -> None:
    """Each download over one day and over all days: rows, time and memory."""
    from accounts.models import Role
    from bench.staff_rows import DAYS, fill

    first = datetime.now(UTC).date() - timedelta(days=DAYS)
    started = time.perf_counter()
    fill(POST, count, first)
    rows.append(Row(f"filled with 4 × {count:,} rows", time.perf_counter() - started, "s"))
    head = client_of(Role.HEAD, POST)
    if head.get("/admin/").status_code != 200:  # everything is imported before the forks
        raise RuntimeError("The head of post cannot sign in.")
    spans = ((count // DAYS, first + timedelta(days=1)), (count, first + timedelta(days=DAYS - 1)))
    for name in ("bookings_export", "access_export", "history_export"):
        found = {}
        for wanted, last in spans:
            begins = last if wanted < count else first
            print(f"  {name}, {wanted:,} rows, load average {os.getloadavg()[0]:.1f} …", file=sys.stderr, flush=True)
            one = found[wanted] = alone(head, name, begins, last)
            if one.lines != wanted + 1:
                raise RuntimeError(f"{name}: {one.lines - 1} rows instead of {wanted}.")
            print(f"    {one}", file=sys.stderr, flush=True)
            rows += told(f"{name}, {wanted:,} rows", wanted, one)
        few, many = (found[wanted].growth for wanted, _last in spans)
        rows.append(
            Row(f"{name}: memory, {many / few:.2f} × at 100 × the rows", many / few, "times", f"≤ {GROWTH}",
                many / few <= GROWTH)
        )  # fmt: skip


def told(what: str, wanted: int, one: Export) -> Iterator[Row]:
    """The lines of the table for one download."""
    yield Row(what, one.size / 1e6, "MB", note=f"load average {os.getloadavg()[0]:.1f}")
    yield Row("- processor time of Python", one.cpu, "s", note=f"{one.cpu / wanted * 1e6:.0f} µs a row")
    yield Row("- time that passed", one.wall, "s")
    yield Row("- growth of memory, peak", one.growth, "MB")


def alone(client: "Client", name: str, first: date, last: date) -> Export:
    """The download in a forked process."""
    from django.db import connections

    connections.close_all()
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    process = fork.Process(target=_download, args=(client, name, first, last, there))
    process.start()
    there.close()
    try:
        found: Export = here.recv()
    except EOFError:
        raise RuntimeError(f"{name} ended early; see above.") from None
    process.join()
    return found


def _download(client: "Client", name: str, first: date, last: date, there: Connection) -> None:
    from django.urls import reverse

    # A fork starts with the peak that it has at that moment, see dup_mm() in Linux.
    began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, started = time.process_time(), time.perf_counter()
    answer = client.get(reverse(f"admin:{name}"), {"first": str(first), "last": str(last), "table": "Booking"})
    if answer.status_code != 200 or not answer.streaming:
        raise RuntimeError(f"{name}: status {answer.status_code}")
    lines = size = 0
    for part in answer.streaming_content:  # type: ignore[attr-defined]
        lines += part.count(b"\n")
        size += len(part)
    cpu, passed = time.process_time() - cpu, time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    there.send(Export(lines, size, cpu, passed, (peak - began) / 1024))
    there.close()


def cheapest(client: "Client", address: str) -> tuple[float, float, bytes]:
    """The page some times: the least seconds of CPU of Python, of its connection's process, and its bytes."""
    from tests.appointments.watch.years import database_cpu

    python, server, body = [], [], b""
    for _ in range(TURNS):
        before, inside = time.process_time(), database_cpu()
        answer = client.get(address)
        python.append(time.process_time() - before)
        server.append(database_cpu() - inside)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: status {answer.status_code}")
        body = answer.content
    return min(python), min(server), body


def queries(client: "Client", address: str) -> int:
    """Statements of one look, after a first one."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


def board(rows: list[Row]) -> None:
    """The board of a day with many bookings, as an officer sees it."""
    from django.urls import reverse

    from accounts.models import Role
    from tests.appointments.staff.scenes import full_day
    from tests.cast import make_post

    post = make_post()
    address = reverse("admin:day_board", args=[post.key]) + f"?day={full_day(post, BOARD).date()}"
    officer = client_of(Role.OFFICER, post.key)
    asked = queries(officer, address)
    python, server, page = cheapest(officer, address)
    found = page.count(b'<tr class="expected"')
    if found != BOARD:
        raise RuntimeError(f"The board shows {found} people instead of {BOARD}.")
    packed = len(gzip.compress(page, 6))
    rows += [
        Row(f"day board of {BOARD:,}: statements", asked, "", "≤ 15", asked <= 15),
        Row("- processor time of Python", python * 1000, "ms", "≤ 300", python <= 0.3, f"least of {TURNS}"),
        Row("- processor time of PostgreSQL", server * 1000, "ms", note="counted in steps of 10 ms"),
        Row("- bytes", len(page) / 1000, "kB"),
        Row("- bytes, gzip", packed / 1000, "kB", "≤ 60", packed <= 60_000),
    ]


def dashboard(rows: list[Row]) -> None:
    """Figures of five years and sixty posts, as the centre sees them."""
    from django.db import connection
    from django.urls import reverse

    from accounts.models import Role
    from tests.appointments.watch.years import five_years_of_counter_measures, five_years_of_sixty_posts

    five_years_of_sixty_posts()
    five_years_of_counter_measures()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE appointments_figure, antibot_guardtally")
    centre = client_of(Role.CENTRE)
    for days in (30, 1826):
        address = reverse("admin:figures") + f"?days={days}"
        asked = queries(centre, address)
        python, server, page = cheapest(centre, address)
        both = python + server
        rows += [
            Row(f"dashboard, {days:,} days × 60 posts: processor time", both * 1000, "ms", "≤ 300", both <= 0.3,
                f"Python {python * 1000:.0f}, PostgreSQL {server * 1000:.0f}, least of {TURNS} each"),
            Row("- statements", asked, "", "≤ 25", asked <= 25, f"{len(page) / 1000:.0f} kB"),
        ]  # fmt: skip
