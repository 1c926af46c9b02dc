"""PostgreSQL and Valkey up, and the environment that tells the application where they are."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtool import places
from devtool.children import Children
from devtool.environment import log_file
from devtool.places import Trouble
from devtool.servers import Postgres, Valkey, new_password

THROW_AWAY = "visa-booking-throw-away-"


def kept_secrets(folder: Path) -> dict[str, str]:
    """The secrets of this installation, made once and readable by their owner alone."""
    path = folder / "secrets.json"
    if path.exists():
        found: dict[str, str] = json.loads(path.read_text())
        return found

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    made = {
        "VISA_SECRET_KEY": secrets.token_urlsafe(48),
        "VISA_FIELD_KEYS": f"1:{key()}",
        "VISA_INDEX_KEY": key(),
        "VISA_OTP_PEPPER": key(),
        "postgres": new_password(),
        "valkey": new_password(),
    }
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(made, stream, indent=1)
    half.replace(path)
    return made


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Two runs on the same data would fight over them; the lock goes with the process, however it ends."""
    with (folder / "lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Trouble(f"Another run uses {folder}. Stop it first, or set DATA_DIR to another folder.") from error
        yield


def settings(folder: Path, kept: dict[str, str]) -> dict[str, str]:
    """What the application needs besides its servers, with what somebody has set going first."""
    env = {name: value for name, value in kept.items() if name.startswith("VISA_")}
    env |= {"DATA_DIR": str(folder), "VISA_UPLOAD_DIR": str(folder / "uploads"), "PYTHONUNBUFFERED": "1"}
    return env | dict(os.environ)  # what somebody has set goes before what was made


@contextmanager
def services(folder: Path, children: Children) -> Iterator[dict[str, str]]:
    """The environment with `DATABASE_URL` and `REDIS_URL`; a server is started only where its address is not set."""
    kept = kept_secrets(folder)
    env = settings(folder, kept)
    env.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.development")
    leftovers = children.end_leftovers()
    if leftovers:
        print(f"Ended what an earlier run had left: {', '.join(leftovers)}.", flush=True)
    try:
        if not ("DATABASE_URL" in env and "REDIS_URL" in env):
            who = places.account()
            base = places.servers_dir(folder, who)
            _start(env, base, folder / "logs", children, kept, durable=True)
        yield env
    finally:
        children.stop_all()


@contextmanager
def throw_away(children_name: str = "tests", *, durable: bool = False) -> Iterator[dict[str, str]]:
    """The same on data that are gone afterwards; addresses that are set are used.

    In memory where there is some; `durable` (for measurements) is on disk, and every commit waits for it.
    """
    env = dict(os.environ) | {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "visa_booking.settings.test"}
    if "DATABASE_URL" in env and "REDIS_URL" in env:
        yield env
        return
    memory = Path("/dev/shm")  # noqa: S108  (a folder that is made below, under a name nobody can foresee)
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2_000_000_000
    parent = memory if roomy and not durable else Path(tempfile.gettempdir())
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{THROW_AWAY}{children_name}-", dir=parent))
    folder.chmod(0o711)
    children = Children(folder / "processes.json", str(folder))
    kept = {"postgres": new_password(), "valkey": new_password()}
    with only_one(folder):
        try:
            _start(env, folder, folder / "logs", children, kept, durable=durable)
            yield env
        finally:
            children.stop_all()
            shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove what killed runs have left: folders of ours whose lock nobody holds any more."""
    for folder in parent.glob(f"{THROW_AWAY}*"):
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid() or not (folder / "lock").exists():
            continue
        with suppress(Trouble), only_one(folder):
            Children(folder / "processes.json", str(folder)).end_leftovers()
            shutil.rmtree(folder, ignore_errors=True)


def _start(
    env: dict[str, str], base: Path, logs: Path, children: Children, kept: dict[str, str], *, durable: bool
) -> None:
    who = places.account()
    if who.is_other:
        with suppress(PermissionError):
            base.chmod(0o711)
    if "DATABASE_URL" not in env:
        postgres = Postgres(base / "postgres", who, kept["postgres"], durable=durable)
        postgres.start(children, log_file("postgres", logs))
        env["DATABASE_URL"] = postgres.url("visa_booking")
        env["VISA_KEYS_DATABASE_URL"] = postgres.url("visa_keys")
    if "REDIS_URL" not in env:
        valkey = Valkey(base / "valkey", who, kept["valkey"], durable=durable)
        valkey.start(children, log_file("valkey", logs))
        env["REDIS_URL"] = valkey.url()
