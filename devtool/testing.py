"""`dev.py test`, `dev.py check` and `dev.py services`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from devtool import stack
from devtool.places import PYTHON, ROOT, VENV, Trouble, data_dir

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OURS = ("accounts", "antibot", "appointments", "archives", "mailroom", "vault")  # apps with migrations of their own
MAC_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def browser() -> str:
    """The system's Chromium; installed where we may, asked for in one line where we may not."""
    for name in (os.environ.get("CHROMIUM", ""), *BROWSERS, *MAC_BROWSERS):
        found = shutil.which(name) if name else None
        if found:
            return found
    debian = shutil.which("apt-get")
    if debian and os.geteuid() == 0:
        print("Installing Chromium for the browser tests (apt-get install chromium) …", flush=True)
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = [debian, "install", "--yes", "--no-install-recommends", "-qq", "chromium"]
        for command in (install, [debian, "update", "-qq"], install):
            done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            if done.returncode == 0 and (found := shutil.which("chromium")):
                return found
        print(done.stderr.decode(errors="replace")[-2000:], file=sys.stderr)
    hint = "apt-get install chromium" if debian else "install Chromium or Google Chrome, or set CHROMIUM to its program"
    raise Trouble(f"The browser tests need Chromium: {hint}")


def run_tests(arguments: list[str]) -> int:
    """All tests, or what `arguments` name, on throw-away servers; returns pytest's exit code."""
    chromium = browser()
    with stack.throw_away() as env:
        env["CHROMIUM"] = chromium
        subprocess.run([PYTHON, "manage.py", "compile_catalogs", "-v0"], env=env, cwd=ROOT, check=True)
        command = [str(PYTHON), "-m", "pytest", *parallel(arguments), *arguments]
        return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode


def parallel(arguments: list[str]) -> list[str]:
    """Two workers for a whole run; one process where somebody looks at a part or steps through it."""
    chosen = {"-n", "-x", "--pdb", "-s", "--numprocesses", "--collect-only", "--co"}
    named = [argument for argument in arguments if not argument.startswith("-")]
    if named or any(argument.partition("=")[0] in chosen for argument in arguments) or (os.cpu_count() or 1) < 2:
        return []
    return ["-n", "2", "--dist", "loadgroup"]


def run_services() -> int:
    """Throw-away servers until Ctrl-C, so that `.venv/bin/pytest` starts at once; their addresses go to a file."""
    note = data_dir() / "services.env"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with stack.throw_away("services") as env:
        subprocess.run([PYTHON, "manage.py", "prepare", "--databases-only"], env=env, cwd=ROOT, check=True)
        lines = [
            f"{name}={env[name]}" for name in ("DATABASE_URL", "VISA_KEYS_DATABASE_URL", "REDIS_URL") if name in env
        ]
        note.touch(mode=0o600)
        note.write_text("\n".join(lines) + "\n")
        print(f"PostgreSQL and Valkey are up; tests find them by {note}. Ctrl-C ends them.", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            note.unlink(missing_ok=True)
    return 0


def run_checks() -> int:
    """Format, lint, types, import direction, migrations, templates; all of them, then the verdict."""
    tool = VENV / "bin"
    failed: list[str] = []

    def check(name: str, *command: str | Path, env: dict[str, str] | None = None) -> None:
        started = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False).returncode
        print(f"== {name}: {'ok' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
        if code:
            failed.append(name)

    check("format", tool / "ruff", "format", "--check", ".")
    check("lint", tool / "ruff", "check", ".")
    check("types", PYTHON, "-m", "mypy")
    check("imports", tool / "lint-imports", "--no-cache")
    check("templates", tool / "djlint", "--lint", "--quiet", "templates")
    with stack.throw_away("check") as env:
        subprocess.run([PYTHON, "manage.py", "prepare", "--databases-only"], env=env, cwd=ROOT, check=True)
        check("migrations written", PYTHON, "manage.py", "makemigrations", "--check", "--dry-run", env=env)
        check("migrations safe", PYTHON, "manage.py", "lintmigrations", "--include-apps", *OURS, env=env)
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.", flush=True)
    return 1 if failed else 0
