"""How much of a booking's CPU belongs to the counter-measures: whole bookings in this process, looked at as they run.

A booking is what `bench rush` walks: every page, picture, code, payment, both letters, the confirmation's PDF.

Options: `--bookings=N` (60). A timer of the process's own CPU time (ITIMER_PROF; the kernel ticks every 4 ms) looks at
the stack while a booking is made: the moment counts as antibot's where any frame of it stands in `antibot/`, so what
antibot calls (templates, Pillow, altcha, Redis) counts with it, and so do the pages of prepayment and the letter with
the code; not the loading of the session, which every page does. PostgreSQL's part is the execution time of statements
(pg_stat_statements) on tables of antibot and of the picture package, beside that of all statements. The pretended
bank's page and tables do not count at all: a real bank has them on its own machines.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from bench.report import Row, publish
from bench.stage import stage

LOOK_SECONDS = 0.004
BAR = 0.25
_ROOT = str(Path(__file__).resolve().parents[1])
_MINE = f"{_ROOT}{os.sep}antibot{os.sep}"
_SESSIONS = f"{os.sep}sessions"  # of accounts/sessions.py, and of the framework below it
_RENDERED = "letters:one_time_code"
_BANK = f"{_MINE}views{os.sep}sandbox.py"
_STATEMENTS = """
    SELECT coalesce(sum(total_exec_time) FILTER (WHERE query ~ '(antibot|captcha)_'), 0), sum(total_exec_time)
      FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND query !~ 'laboratory|pg_stat|antibot_sandbox'
"""


class Looks:
    """Moments of CPU time, by the outermost function of antibot that stood in the stack; "" where none did."""

    def __init__(self) -> None:
        """Nothing seen."""
        self.seen: Counter[str] = Counter()
        self.seconds = 0.0
        self._counts = False

    def forget(self) -> None:
        """Begin anew."""
        self.seen.clear()
        self.seconds = 0.0

    def _look(self, _number: int, frame: FrameType | None) -> None:
        if not self._counts:
            return
        outermost = ""
        while frame is not None:
            name = frame.f_code.co_filename
            if frame.f_code.co_name == "load" and _SESSIONS in name:
                outermost = ""  # whoever looks first at a session has it loaded: every page of a booking does
                break
            if name == _BANK:
                outermost = "bank"
            elif name.startswith(_MINE):
                outermost = f"{name.removeprefix(_MINE).removesuffix('.py')}:{frame.f_code.co_name}"
            frame = frame.f_back
        self.seen[outermost] += 1

    @contextmanager
    def timer(self) -> Iterator[None]:
        """Look while this lasts, at what `on` lets count."""
        before = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, LOOK_SECONDS, LOOK_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    @contextmanager
    def on(self) -> Iterator[None]:
        """What happens now is the application's work, and not the visitor's."""
        began, self._counts = time.process_time(), True
        try:
            yield
        finally:
            self.seconds += time.process_time() - began
            self._counts = False


def _measure(folder: Path, bookings: int) -> tuple[Looks, tuple[float, float], float]:
    """What was seen; milliseconds of antibot's and of all statements; seconds of the letters with codes."""
    from django.db import connection

    from bench.inside import Inside, turns
    from bench.journey import walk
    from bench.people import network
    from bench.scene import scene

    scene(10_000)
    looks = Looks()
    codes: list[float] = []
    with turns(looks.on) as wait, looks.timer():

        def code(seconds: float) -> None:
            began = looks.seconds
            wait(seconds)
            codes.append(looks.seconds - began)

        def book(number: int) -> None:
            visitor = Inside("localhost", 8000, address=network(number))
            visitor.around = looks.on
            waits = iter([code])  # the first thing that somebody waits for is the letter with the code

            def waiting(seconds: float) -> None:
                next(waits, wait)(seconds)

            walk(
                visitor,
                folder / "mailbox",
                number,
                post="dz-alg",
                service="passport",
                wait=waiting,
            )
            wait(0)  # the letter of the confirmation, with its PDF
            for letter in (folder / "mailbox").iterdir():
                letter.unlink()

        for number in range(8):  # caches, prepared statements, templates
            book(number)
        looks.forget()
        codes.clear()
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            cursor.execute("SELECT pg_stat_statements_reset()")
        for number in range(8, 8 + bookings):
            book(number)
        with connection.cursor() as cursor:
            cursor.execute(_STATEMENTS)
            mine, all_ = cursor.fetchone()
    return looks, (float(mine), float(all_)), sum(codes)


def rows(looks: Looks, statements: tuple[float, float], codes: float, bookings: int) -> list[Row]:
    """Shares, and what they are made of."""
    a_look = looks.seconds * 1000 / bookings / max(1, looks.seen.total())
    spent = {part: number * a_look for part, number in looks.seen.items() if part != "bank"}
    python, mine = sum(spent.values()), sum(ms for part, ms in spent.items() if part)
    theirs, database = statements[0] / bookings, statements[1] / bookings
    letter = codes * 1000 / bookings - spent.get(_RENDERED, 0.0)
    share = (mine + letter + theirs) / (python + database)
    parts = ", ".join(f"{part} {ms:.1f}" for part, ms in sorted(spent.items(), key=lambda one: -one[1]) if part)
    return [
        Row(
            "a booking in Python",
            python,
            "ms CPU",
            note=f"{looks.seen.total()} looks; of it antibot {mine:.1f}: {parts}",
        ),
        Row("a booking in PostgreSQL", database, "ms", note=f"execution time; of it antibot {theirs:.1f}"),
        Row("sending the code", letter, "ms CPU", note="the rest of its letter, by the mailroom: counted as antibot's"),
        Row("antibot's share", 100 * share, "%", f"≤ {100 * BAR:.0f} %", share <= BAR, f"{bookings} bookings"),
    ]


def main(options: Sequence[str]) -> None:
    """Measure and publish."""
    found = [option.partition("=")[2] for option in options if option.startswith("--bookings=")]
    bookings = int(found[-1]) if found else 60
    with tempfile.TemporaryDirectory(prefix="visa-booking-share-") as name:
        with stage(DJANGO_SETTINGS_MODULE="bench.settings", DATA_DIR=name):
            looks, statements, codes = _measure(Path(name), bookings)
        publish("share", rows(looks, statements, codes, bookings))
