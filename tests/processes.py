"""Real processes on the databases of the running test: web servers, Celery workers, beats, commands."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connections

from devtool.children import die_with_parent
from tests.log_watch import WATCH

BIN = Path(sys.executable).parent


def test_environment(folder: Path) -> dict[str, str]:
    """What a process needs to work on this test's databases; `folder` takes its letters and uploads."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    env["DJANGO_SETTINGS_MODULE"] = "visa_booking.settings.test"
    env["DATABASE_URL"] = _with_name(os.environ["DATABASE_URL"], "default")
    env["VISA_KEYS_DATABASE_URL"] = _with_name(os.environ["VISA_KEYS_DATABASE_URL"], "vault_keys")
    env["REDIS_URL"] = settings.REDIS_URL
    env["DATA_DIR"] = str(folder)
    env["TEST_UPLOAD_DIR"] = str(settings.UPLOAD_DIR)
    return env


def _with_name(url: str, alias: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/" + str(connections[alias].settings_dict["NAME"])))


def wait_for(condition: Callable[[], object], seconds: float = 20, what: str = "it") -> None:
    """Poll until `condition()` is true; a failed assertion after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


def meet(name: str, number: int = 2) -> None:
    """Called by processes of one test: wait until `number` of them are here, so that they act together.

    They see each other by files in the folder of the test; a busy machine may start one seconds after the other.
    """
    folder = Path(os.environ["DATA_DIR"])
    (folder / f"here-{name}-{os.getpid()}").touch()
    here = f"here-{name}-*"
    wait_for(lambda: len(list(folder.glob(here))) >= number, 60, f"{number} processes to meet")
    # The same instant for all of them: a moment after the last one came.
    start = max(path.stat().st_mtime for path in folder.glob(here)) + 0.3
    time.sleep(max(0.0, start - time.time()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Node:
    """One started process; use as a context manager."""

    def __init__(self, folder: Path, name: str, command: list[str | Path], **more: str) -> None:
        self.folder = folder
        self.log = folder / f"{name}.log"
        self.mailbox = folder / "mailbox"
        self.env = test_environment(folder) | more
        self.command = [str(part) for part in command]
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                self.command,
                env=self.env,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                preexec_fn=die_with_parent(os.getpid(), signal.SIGKILL),  # noqa: PLW1509  (only calls prctl)
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Stop it; SIGKILL reaches its children as well, as when a machine is lost."""
        assert self.process is not None
        if self.process.poll() is None:
            if how == signal.SIGKILL:
                os.killpg(self.process.pid, how)
            else:
                self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        # A process of its own has logs of its own: they are searched like those of the tests.
        leaks = [leak for line in self.said().splitlines() for leak in WATCH.found_in(line)]
        assert not leaks, f"the logs of {self.log.name} give away: {leaks[:20]}"

    def said(self) -> str:
        return self.log.read_text(errors="replace")


class WebNode(Node):
    """A web server process as production runs it; `url` is its address."""

    def __init__(self, folder: Path, name: str = "web", **more: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        workers = more.pop("WORKERS", "1")
        command = [sys.executable, "-m", "visa_booking.serve", "--port", str(self.port), "--workers", workers]
        super().__init__(folder, name, command, **more)

    def __enter__(self) -> Self:
        super().__enter__()
        wait_for(self._answers, what=f"the web server; it said {self.said()[-2000:]}")
        return self

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class Worker(Node):
    """A Celery worker process; it has taken up work when the context is entered."""

    def __init__(self, folder: Path, name: str = "worker", **more: str) -> None:
        command: list[str | Path] = [BIN / "celery", "--app", "visa_booking", "--quiet", "worker"]
        command += [
            "--pool",
            "solo",
            "--loglevel",
            "INFO",
            "--hostname",
            f"{name}@%h",
            "--without-gossip",
            "--without-mingle",
        ]
        super().__init__(folder, name, [*command, "--without-heartbeat"], **more)

    def __enter__(self) -> Self:
        from django.core.cache import cache

        from visa_booking.health import BEAT_KEY, WORKER_KEY
        from visa_booking.tasks import heartbeat

        super().__enter__()
        cache.delete(WORKER_KEY)
        heartbeat.delay()
        wait_for(lambda: cache.get(WORKER_KEY), 60, f"the worker's sign of life; it said {self.said()[-2000:]}")
        cache.delete(BEAT_KEY)  # left by us, who sent what beat sends
        return self


class Beat(Node):
    """A Celery beat process."""

    def __init__(self, folder: Path, name: str = "beat", **more: str) -> None:
        command: list[str | Path] = [BIN / "celery", "--app", "visa_booking", "--quiet", "beat", "--loglevel", "INFO"]
        super().__init__(folder, name, [*command, "--schedule", folder / f"{name}.schedule", "--pidfile="], **more)
