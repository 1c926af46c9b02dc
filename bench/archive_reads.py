"""What a look into the archive costs, in a way that other work on the machine hardly changes.

Processor time of Python and of its database connections, from the scheduler's own count, and wall time: the lower
quartile of many goes. Pages of the plan beside them.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bench.meter import Meter


@dataclass(frozen=True)
class Cost:
    """Seconds of one go, and 8 kB pages that its statement touches."""

    cpu: float
    wall: float
    pages: int

    def note(self) -> str:
        """For the table."""
        return f"{self.wall * 1000:.2f} ms of wall time, {self.pages} pages"


class Own:
    """This process and the two connections that it has."""

    def __init__(self) -> None:
        """Connections are opened where they are not yet."""
        self._meter = Meter({str(pid): pid for pid in (os.getpid(), *connection_pids())})

    def cost(self, work: Callable[[], None], rounds: int, goes: int, plan: tuple[Any, Any]) -> Cost:
        """Lower quartiles over `rounds` of `goes` each, after a round that counts for nothing."""
        cpus, walls = [], []
        for number in range(rounds + 1):
            before = self._meter.read()
            for _ in range(goes):
                started = time.perf_counter()
                work()
                walls += [time.perf_counter() - started] if number else []
            cpus += [sum(self._meter.since(before).values()) / goes / 1000] if number else []
        return Cost(statistics.quantiles(cpus, n=4)[0], statistics.quantiles(walls, n=4)[0], pages(*plan))


def connection_pids() -> list[int]:
    """The backends of our own connections."""
    from django.db import connections

    own = []
    for alias in ("default", "vault_keys"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            own.append(int(cursor.fetchone()[0]))
    return own


def pages(statement: str, values: Any) -> int:
    """Pages that a statement touches, warm or cold."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values)
        found = cursor.fetchone()[0]
    top = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(top["Shared Hit Blocks"]) + int(top["Shared Read Blocks"])


def passport_numbers(count: int) -> list[str]:
    """Of files that can be opened and are not about to be erased."""
    from archives.models import VisaFile
    from archives.sealing import holders_of

    cut = date.today() + timedelta(days=30)  # noqa: DTZ011 - only keeps clear of what is being erased
    files = VisaFile.objects.filter(import_digest__isnull=True, gone_from__gt=cut)[:count]
    return [holder.passport_number for holder in holders_of(files).values()]


def look_up(number: str) -> None:
    """A search as staff make it, with the holder opened."""
    from accounts.access import Scope
    from archives.queries.search import search

    if not search(Scope(everything=True, post_keys=frozenset()), passport=number).rows:
        raise RuntimeError("Expected that the file is found.")


def search_statement(number: str) -> tuple[str, Any]:
    """The statement of that search in the first database."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        look_up(number)
    return next(q["sql"] for q in seen.captured_queries if "archives_visafile" in q["sql"]).replace("%", "%%"), ()


def search_times(numbers: list[str], per_second: float) -> list[float]:
    """Seconds of each search, so many a second."""
    times = []
    for number in numbers:
        started = time.perf_counter()
        look_up(number)
        times.append(time.perf_counter() - started)
        time.sleep(max(0, 1 / per_second - times[-1]))
    return times
