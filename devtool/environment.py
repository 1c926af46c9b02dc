"""The virtual environment: made from the lock, renewed when the lock changes."""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from devtool.places import PYTHON, ROOT, VENV, Trouble

LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed-lock"
LEAST = (3, 11)


def _place() -> str:
    """Interpreter and folder: the programs in an environment name both, so one that was moved has to be made again."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {VENV}"


def _fingerprint() -> str:
    return f"{_place()}\n{hashlib.sha256(LOCK.read_bytes()).hexdigest()}"


def _count() -> int:
    return sum(1 for line in LOCK.read_text().splitlines() if line[:1].isalnum())


def ensure() -> None:
    """Make `.venv` say what the lock says; does nothing where it does already."""
    if sys.version_info < LEAST:
        raise Trouble(f"Python {LEAST[0]}.{LEAST[1]} or newer is needed; this is {sys.version.split()[0]}.")
    if _installed() == _fingerprint():
        return
    with LOCK.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # two commands started at once: the second waits, and finds it done
        if _installed() != _fingerprint():
            _make()


def _installed() -> str:
    return STAMP.read_text() if PYTHON.exists() and STAMP.exists() else ""


def _make() -> None:
    wanted, found = _fingerprint(), _installed()
    started = time.monotonic()
    # A new lock is installed over the old one, so that what runs meanwhile keeps its files.
    if found.partition("\n")[0] != _place():
        print("Making the virtual environment …", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        # By this very interpreter, whatever is first in the PATH.
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            raise Trouble(
                "Python's venv module does not work here. On Debian: apt-get install python3-venv\n"
                + made.stdout.strip()
            )
    _install()
    STAMP.write_text(wanted)
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def _builder() -> str:
    """The lines of the lock that pin setuptools, which has to be there before the one package that is built is."""
    lines = LOCK.read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("setuptools=="))
    block = [lines[first], *itertools.takewhile(lambda line: line.startswith("    --hash"), lines[first + 1 :])]
    return "\n".join(block) + "\n"


def _install() -> None:
    """Pip with hashes, which never takes a file that the lock does not name; progress as a count of packages."""
    total = _count()
    log = VENV / "install.log"
    builder = VENV / "builder.lock"
    builder.write_text(_builder())
    pip = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    pip += ["--progress-bar=off", "--no-input", "--disable-pip-version-check"]
    # No build isolation: it would fetch a setuptools that no hash vouches for.
    built = ["--no-binary=django-ranged-response", "--no-build-isolation", "--use-pep517"]
    seen = 0
    shown = 0.0
    with log.open("w") as stream:
        code = subprocess.run(
            [*pip, "-r", str(builder)], stdout=stream, stderr=stream, env=_quiet(), check=False
        ).returncode
        if code == 0:
            whole = subprocess.Popen(
                [*pip, *built, "-r", str(LOCK)],
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                env=_quiet(),
                cwd=ROOT,
            )
            for line in whole.stdout or ():
                stream.write(line)
                if line.startswith(("Collecting ", "Ignoring ", "Requirement already")):
                    seen += 1
                if line.startswith("Installing collected"):
                    shown = float("inf")
                    _show(f"Unpacking {seen} packages (half a minute or so) …", done=True)
                elif time.monotonic() > shown + (0.2 if sys.stdout.isatty() else 3):
                    shown = time.monotonic()
                    _show(f"Fetching packages: {seen} of {total} …")
            code = whole.wait()
    if code:
        tail = "\n".join(log.read_text().splitlines()[-15:])
        raise Trouble(f"pip could not install what the lock names (all of it is in {log}):\n{tail}")


def _show(sentence: str, *, done: bool = False) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K{sentence}", end="\n" if done else "", flush=True)
    else:
        print(sentence, flush=True)


def _quiet() -> dict[str, str]:
    return {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}


def log_file(name: str, folder: Path) -> Path:
    """A log in `folder`, started anew when it has grown beyond ten megabytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.log"
    if path.exists() and path.stat().st_size > 10_000_000:
        path.replace(path.with_suffix(".log.old"))
    return path
