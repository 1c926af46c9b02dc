"""`dev.py run`, `dev.py manage`, `dev.py bench`, `dev.py lab`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from devtool import stack
from devtool.children import Children, started_at
from devtool.environment import log_file
from devtool.places import PYTHON, ROOT, VENV, Trouble, data_dir

STATE = "running.json"


def _stop_like_ctrl_c() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)


def run() -> int:
    """Everything up until Ctrl-C or SIGTERM; data stay."""
    _stop_like_ctrl_c()
    began = time.monotonic()
    folder = data_dir()
    port = _port()
    children = Children(folder / "processes.json", str(folder))
    with ExitStack() as exits:
        exits.enter_context(stack.only_one(folder))
        env = exits.enter_context(stack.services(folder, children))
        env["PORT"] = str(port)
        try:
            _prepare(env)
            _start_application(children, env, folder / "logs", port)
            _announce(folder, env, port, began)
            _watch(children)
        except KeyboardInterrupt:
            print("\nStopping …", flush=True)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C does not leave half of it running
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            (folder / STATE).unlink(missing_ok=True)
    print(f"Stopped; the data stay in {folder}.", flush=True)
    return 0


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Trouble("PORT has to be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as error:
            raise Trouble(f"Port {text} cannot be used ({error.strerror}). Choose another: PORT=8080 …") from error
    return int(text)


def _prepare(env: dict[str, str]) -> None:
    """Databases, translations, migrations, demo data where there are none; one process, since each costs a start."""
    print("Preparing the database …", flush=True)
    quiet = {"VISA_LOG_LEVEL": "WARNING"} | env  # what the demo has to say is said in sentences
    done = subprocess.run([PYTHON, "manage.py", "prepare", "--demo"], env=quiet, cwd=ROOT, check=False)
    if done.returncode:
        raise Trouble("The database could not be prepared; the reason is above.")


def _start_application(children: Children, env: dict[str, str], logs: Path, port: int) -> None:
    bin_dir = VENV / "bin"
    web: list[str | Path] = [PYTHON, "-m", "visa_booking.serve", "--port", str(port)]
    celery: list[str | Path] = [bin_dir / "celery", "--app", "visa_booking", "--quiet"]
    worker = [*celery, "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "WARNING",
              "--without-gossip", "--without-mingle", "--without-heartbeat"]  # fmt: skip
    beat = [*celery, "beat", "--loglevel", "WARNING", "--schedule", logs.parent / "beat-schedule", "--pidfile="]
    figures = logs.parent / "metrics"  # of the web server's processes, which add them up; of this run only
    shutil.rmtree(figures, ignore_errors=True)
    for name, command in (("web", web), ("worker", worker), ("beat", beat)):
        more = {"PROMETHEUS_MULTIPROC_DIR": str(figures)} if name == "web" else {}
        with log_file(name, logs).open("ab") as stream:
            children.start(name, command, env=env | more, cwd=ROOT, log=stream)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _announce(folder: Path, env: dict[str, str], port: int, began: float) -> None:
    deadline = time.monotonic() + 60
    while not _answers(port):
        if time.monotonic() > deadline:
            raise Trouble(f"The web server does not answer; its log is {folder / 'logs' / 'web.log'}.")
        time.sleep(0.1)
    state = folder / STATE
    state.touch(mode=0o600)
    state.write_text(json.dumps({"pid": os.getpid(), "started": started_at(os.getpid()), "env": _addresses(env)}))
    print(f"\nReady after {time.monotonic() - began:.1f} s:  http://localhost:{port}/", flush=True)
    print(f"  staff    http://localhost:{port}/admin/", flush=True)
    print(f"  letters  http://localhost:{port}/dev/mailbox/", flush=True)
    print(f"  logs     {folder / 'logs'}\nCtrl-C stops everything and keeps the data.", flush=True)


def _addresses(env: dict[str, str]) -> dict[str, str]:
    names = ("DATABASE_URL", "VISA_KEYS_DATABASE_URL", "REDIS_URL", "PORT")
    return {name: env[name] for name in names if name in env}


def _watch(children: Children) -> None:
    """Until somebody stops us, or a part ends by itself."""
    while (name := children.dead()) is None:
        time.sleep(0.5)
    raise Trouble(f"{name} has ended by itself; see its log. Everything else is stopped.")


def _of_a_run(folder: Path) -> dict[str, str] | None:
    """The addresses of a run that is up on the same data."""
    try:
        state = json.loads((folder / STATE).read_text())
    except (OSError, ValueError):
        return None
    addresses: dict[str, str] = state["env"]
    return addresses if state["started"] and started_at(state["pid"]) == state["started"] else None


def manage(arguments: list[str]) -> int:
    """`manage.py` with the servers of a run that is up, or with servers of its own for as long as it takes."""
    return _inside([str(PYTHON), "manage.py", *arguments])


def module(name: str, arguments: list[str]) -> int:
    """`python -m bench` or `python -m lab`; they start throw-away servers of their own."""
    if not (ROOT / name / "__main__.py").exists():
        raise Trouble(f"There is nothing in {name}/ to start.")
    return subprocess.run([PYTHON, "-m", name, *arguments], cwd=ROOT, check=False).returncode


def _inside(command: list[str]) -> int:
    folder = data_dir()
    up = _of_a_run(folder)
    if up is not None:
        env = stack.settings(folder, stack.kept_secrets(folder)) | up
        env.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.development")
        return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode
    _stop_like_ctrl_c()
    children = Children(folder / "processes.json", str(folder))
    with stack.only_one(folder), stack.services(folder, children) as env:
        quiet = subprocess.run(
            [PYTHON, "manage.py", "prepare", "--databases-only"], env=env, cwd=ROOT, stdout=sys.stderr, check=False
        )
        if quiet.returncode:
            return quiet.returncode
        return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode
