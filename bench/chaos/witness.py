"""What held everybody up: what PostgreSQL waited for, how slow the disk was, how little processor there was.

Two threads beside the run. Their rows tell, for the longest moment without a good answer, which of the three it was.
"""

import os
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psycopg2

from bench.chaos.site import Site

PAUSE_SECONDS, PAGE = 0.2, b"\0" * 8192
WAITS = """
    SELECT coalesce(wait_event_type || '/' || wait_event, 'running')
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND wait_event_type IS DISTINCT FROM 'Activity'
      AND (state = 'active' OR backend_type IN ('checkpointer', 'walwriter', 'startup'))
"""


class Witness:
    """Samples until `stop`; every sample has the monotonic second it was finished at."""

    def __init__(self, site: Site) -> None:
        """Begin at once."""
        self.site = site
        self.waits: list[tuple[float, list[str]]] = []
        self.syncs: list[tuple[float, float]] = []
        self.naps: list[tuple[float, float]] = []  # how much later than asked for a sleeping thread was woken
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._ask, self._sync)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No more samples."""
        self._enough.set()
        for thread in self._threads:
            thread.join(5)

    def _ask(self) -> None:
        while not self._enough.is_set():
            with suppress(psycopg2.Error):
                link = psycopg2.connect(self.site.postgres.url("visa_booking"), connect_timeout=2)
                link.autocommit = True
                with link.cursor() as cursor:
                    while not self._enough.wait(PAUSE_SECONDS):
                        cursor.execute(WAITS)
                        self.waits.append((time.monotonic(), [str(row[0]) for row in cursor.fetchall()]))
            self._enough.wait(PAUSE_SECONDS)

    def _sync(self) -> None:
        probe = self.site.volume.folder / "probe"
        while not self._enough.is_set():
            asleep = time.monotonic()
            self._enough.wait(PAUSE_SECONDS)
            began = time.monotonic()
            self.naps.append((began, began - asleep - PAUSE_SECONDS))
            with suppress(OSError):  # the disk is full for a while
                _keep(probe)
            self.syncs.append((time.monotonic(), time.monotonic() - began))

    def saw(self, begin: float, end: float) -> str:
        """In one line: the waits of the moment by how often, the slowest page, the latest waking."""
        waits = Counter(one for at, all_of in self.waits if begin <= at <= end for one in all_of)
        samples = sum(begin <= at <= end for at, _ in self.waits)
        often = ", ".join(f"{name} {count}" for name, count in waits.most_common(4)) or "nothing"
        sync = max((took for at, took in self.syncs if at - took <= end and at >= begin), default=0.0)
        nap = max((late for at, late in self.naps if at - late <= end and at >= begin), default=0.0)
        return f"{samples} samples: {often}; slowest page {sync:.1f} s; woken {nap:.1f} s late at most"


def _keep(path: Path) -> None:
    """One page written and on the disk, as a commit does."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(handle, PAGE)
        os.fsync(handle)
    finally:
        os.close(handle)
