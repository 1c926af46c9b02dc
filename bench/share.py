"""How much of a booking's CPU belongs to the counter-measures: whole bookings in this process, looked at as they run.

Options: `--bookings=N` (60). A timer of the process's own CPU time (ITIMER_PROF; the kernel ticks every 4 ms) looks at
the stack while a booking is made: the moment counts as antibot's where any frame of it stands in `antibot/`, so what
antibot calls (templates, Pillow, altcha, Redis) counts with it, and so do the pages of prepayment. PostgreSQL's part is
the execution time of statements (pg_stat_statements) on tables of antibot and of the picture package, beside that of
all statements. The pretended bank's page and tables do not count at all: a real bank has them on its own machines.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from bench.report import Row, publish

LOOK_SECONDS = 0.004
BAR = 0.25
_ROOT = str(Path(__file__).resolve().parents[1])
_MINE = f"{_ROOT}{os.sep}antibot{os.sep}"
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

    def _look(self, _number: int, frame: FrameType | None) -> None:
        outermost = ""
        while frame is not None:
            name = frame.f_code.co_filename
            if name == _BANK:
                outermost = "bank"
            elif name.startswith(_MINE):
                outermost = f"{name.removeprefix(_MINE).removesuffix('.py')}:{frame.f_code.co_name}"
            frame = frame.f_back
        self.seen[outermost] += 1

    @contextmanager
    def on(self) -> Iterator[None]:
        """Look while this lasts."""
        before = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, LOOK_SECONDS, LOOK_SECONDS)
        began = time.process_time()
        try:
            yield
        finally:
            self.seconds += time.process_time() - began
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)


def _book(browser: Any, number: int) -> None:
    """One whole booking: picture, code, person, time, payment. Raises where it ends elsewhere."""
    from lab.crowd import passport

    mail = f"share{number}@example.org"
    browser.get(browser.service_path)
    browser.begin()
    key, letters = browser.picture(browser.step("contact"))
    browser.get(f"/antibot/captcha/{key}/image")
    browser.post(browser.step("contact"), contact=mail, captcha_key=key, captcha_answer=letters)
    if not browser.give_code(mail):
        raise RuntimeError("The code was refused.")
    browser.enter(passport("SH", number), 1)
    reference = browser.hold(browser.open_times()[number % 20])
    if reference is None or not browser.pay(reference):
        raise RuntimeError("There is no booking.")
    browser.get(f"/my/{reference}/")


def _measure(bookings: int) -> tuple[Looks, tuple[float, float]]:
    from django.db import connection

    from appointments.models import Release, Slot
    from bench.people import network
    from lab.browser import Browser
    from lab.clock import simulated
    from lab.ledger import Account
    from lab.scenario import PolicyNumbers, PostNumbers
    from lab.world import START, build

    looks = Looks()
    with simulated(START) as clock:
        world = build(PostNumbers(), PolicyNumbers(name="share", mode="first_come"), clock.now, 7)
        release = Release.objects.create(
            service=world.service,
            policy=world.policy,
            tick=-1,
            kind=Release.Kind.FIRST_COME,
            opened_at=clock.now,
            slots_count=400,
            pool_size=400,
        )
        chosen = list(Slot.objects.order_by("-starts_at").values_list("pk", flat=True)[:400])
        Slot.objects.filter(pk__in=chosen).update(state=Slot.State.RELEASED, release=release)

        def browser(number: int) -> Browser:
            clock.move_to(90.0 * number)
            return Browser(clock, Account("share"), network(number), world.path)

        for number in range(5):  # caches, prepared statements, templates
            _book(browser(number), number)
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            cursor.execute("SELECT pg_stat_statements_reset()")
        for number in range(5, 5 + bookings):
            with looks.on():
                _book(browser(number), number)
        with connection.cursor() as cursor:
            cursor.execute(_STATEMENTS)
            mine, all_ = cursor.fetchone()
    return looks, (float(mine), float(all_))


def rows(looks: Looks, statements: tuple[float, float], bookings: int) -> list[Row]:
    """Shares, and what they are made of."""
    a_look = looks.seconds * 1000 / bookings / max(1, looks.seen.total())
    spent = {part: number * a_look for part, number in looks.seen.items() if part != "bank"}
    python, mine = sum(spent.values()), sum(ms for part, ms in spent.items() if part)
    theirs, database = statements[0] / bookings, statements[1] / bookings
    share = (mine + theirs) / (python + database)
    parts = ", ".join(f"{part} {ms:.1f}" for part, ms in sorted(spent.items(), key=lambda one: -one[1]) if part)
    return [
        Row(
            "a booking in Python",
            python,
            "ms CPU",
            note=f"{looks.seen.total()} looks; of it antibot {mine:.1f}: {parts}",
        ),
        Row("a booking in PostgreSQL", database, "ms", note=f"execution time; of it antibot {theirs:.1f}"),
        Row("antibot's share", 100 * share, "%", f"≤ {100 * BAR:.0f} %", share <= BAR, f"{bookings} bookings"),
    ]


def main(options: Sequence[str]) -> None:
    """Measure and publish."""
    found = [option.partition("=")[2] for option in options if option.startswith("--bookings=")]
    bookings = int(found[-1]) if found else 60
    from lab.stage import opened, stage

    with stage() as servers, opened(servers, 0):
        looks, statements = _measure(bookings)
        publish("share", rows(looks, statements, bookings))
