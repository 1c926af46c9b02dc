"""Simulated time, and chance that can be played again, for everything inside this process.

The application reads its clock in two ways: Python's (`timezone.now()`, and the windows of the limits by
`time.time()`), and PostgreSQL's (`clock_timestamp()` for releases and draws, `now()` in triggers). The first is
moved by time-machine. The second is found by name along the `search_path` of the session: the laboratory puts a schema
of its own before `pg_catalog`, with functions of the same names that answer the simulated instant. The application
knows nothing of either.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import time_machine
from django.db import connection

_FUNCTIONS = ("now", "clock_timestamp", "statement_timestamp", "transaction_timestamp")
_SCHEMA = "CREATE SCHEMA IF NOT EXISTS laboratory; " + " ".join(
    f"CREATE OR REPLACE FUNCTION laboratory.{name}() RETURNS timestamptz LANGUAGE sql STABLE"
    " AS $$ SELECT current_setting('laboratory.now')::timestamptz $$;"
    for name in _FUNCTIONS
)


class Clock:
    """The one clock of a run. It only goes forward."""

    def __init__(self, traveller: time_machine.Traveller, start: datetime) -> None:
        """`start` is aware."""
        self._traveller = traveller
        self._told: datetime | None = None
        self.start = start
        self.now = start

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return (self.now - self.start).total_seconds()

    def instant(self, seconds: float) -> datetime:
        """The instant so many seconds after the start."""
        return self.start + timedelta(seconds=seconds)

    def move_to(self, seconds: float) -> None:
        """Go on to `seconds` after the start; never back."""
        instant = self.instant(seconds)
        if instant > self.now:
            self.now = instant
            self._traveller.move_to(instant, tick=False)

    def tell_database(self) -> None:
        """Let PostgreSQL's functions answer this instant too; call it before anything that asks them."""
        if self._told != self.now:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('laboratory.now', %s, false)", [self.now.isoformat()])
            self._told = self.now


@contextmanager
def simulated(start: datetime) -> Iterator[Clock]:
    """Time stands at `start` until the clock is moved, in this process and in its database session."""
    with connection.cursor() as cursor:
        cursor.execute(_SCHEMA)
        cursor.execute("SELECT set_config('laboratory.now', %s, false)", [start.isoformat()])
        cursor.execute("SET search_path = laboratory, pg_catalog, public")
    try:
        with time_machine.travel(start, tick=False) as traveller:
            yield Clock(traveller, start.astimezone(UTC))
    finally:
        if not connection.needs_rollback:  # what is rolled back takes the setting with it
            with connection.cursor() as cursor:
                cursor.execute("RESET search_path")


@contextmanager
def seeded(seed: str) -> Iterator[random.Random]:
    """Everything that the application takes from `secrets` follows from `seed`, so that a run can be played again."""
    chance = random.Random(seed)

    def token_bytes(nbytes: int | None = None) -> bytes:
        return chance.randbytes(32 if nbytes is None else nbytes)

    def token_hex(nbytes: int | None = None) -> str:
        return token_bytes(nbytes).hex()

    def token_urlsafe(nbytes: int | None = None) -> str:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
        return "".join(chance.choices(letters, k=((32 if nbytes is None else nbytes) * 4 + 2) // 3))

    def choice(values: Sequence[Any]) -> Any:
        return values[chance.randrange(len(values))]

    replaced: dict[str, Any] = {
        "token_bytes": token_bytes,
        "token_hex": token_hex,
        "token_urlsafe": token_urlsafe,
        "choice": choice,
        "randbelow": chance.randrange,
        "randbits": chance.getrandbits,
    }
    with mock.patch.multiple(secrets, **replaced):
        yield chance
