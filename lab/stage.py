"""Servers of the laboratory's own, and an empty database for each run, played in a process of its own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from devtool.stack import throw_away
from lab.figures import Result
from lab.scenario import PolicyNumbers, Scenario

ROOT = Path(__file__).resolve().parents[1]
_URLS = {"DATABASE_URL": "visa", "VISA_KEYS_DATABASE_URL": "keys"}


@dataclass(frozen=True)
class Job:
    """One run."""

    number: int
    scenario: Scenario
    policy: PolicyNumbers | None  # None: only what people do to the limits (lab.networks)


@dataclass
class Stage:
    """Migrated template databases, and what it takes to reach copies of them."""

    env: dict[str, str]
    templates: dict[str, str] = field(default_factory=dict)

    def environment(self, number: int) -> dict[str, str]:
        """The addresses of one run's own databases and Valkey number."""
        server, _, _ = self.env["REDIS_URL"].rpartition("/")
        urls = {name: _named(self.env[name], f"lab_{short}_{number}") for name, short in _URLS.items()}
        # Number 0 stays free; a number is used again when its run is long over.
        return urls | {"REDIS_URL": f"{server}/{1 + number % 12}"}


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _name_in(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def _maintain(url: str, *statements: str) -> None:
    import psycopg2

    with closing(psycopg2.connect(_named(url, "postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@contextmanager
def stage() -> Iterator[Stage]:
    """Throw-away servers, always started here: a run empties what it plays in, so none that is set is used."""
    for name in (*_URLS, "REDIS_URL"):
        os.environ.pop(name, None)
    with throw_away("lab") as env:
        env |= {"DJANGO_SETTINGS_MODULE": "lab.settings", "LABORATORY_OWNS_SERVERS": "1"}
        for command in (["prepare"], ["compile_catalogs", "-v0"]):
            subprocess.run(
                [sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL
            )
        yield Stage(env)


@contextmanager
def opened(stage_: Stage, number: int) -> Iterator[None]:
    """Django set up in this process, in which nothing else has been done, with empty databases of its own."""
    os.environ.update(stage_.env | stage_.environment(number))
    for name in _URLS:
        template, copy = _name_in(stage_.env[name]), _name_in(os.environ[name])
        _maintain(
            os.environ[name],
            f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)",
            f"CREATE DATABASE {copy} TEMPLATE {template}",
        )
    import django

    django.setup()
    from django.db import connections

    # A run makes few cycles and holds a million objects that the collector would look through again and again.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        connections.close_all()
        for name in _URLS:
            _maintain(os.environ[name], f"DROP DATABASE IF EXISTS {_name_in(os.environ[name])} WITH (FORCE)")


def play_job(stage_: Stage, job: Job, shares: Any) -> Result:
    """Play one run; called in a process that nothing else has been done in. `shares` takes its progress."""
    with opened(stage_, job.number):
        from lab.networks import pressed_result
        from lab.play import play
        from lab.results import result_of

        if job.policy is None:
            return pressed_result(job.scenario.people, job.scenario.days, job.scenario.seed)
        try:
            return play(job.scenario, job.policy, result_of, lambda share: shares.__setitem__(job.number, share))
        except Exception as error:  # noqa: BLE001 - whatever it is
            # Told in words: the process that waits has no application and could not read errors of it.
            where = traceback.format_exc(limit=-3)
            raise RuntimeError(f"{job.policy.name}, seed {job.scenario.seed}: {error!r}\n{where}") from None
