"""The production server process, with worker if wanted, for the length of a measurement."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devtool.servers import free_port
from visa_booking.serve import WORKERS

BIN = Path(sys.executable).parent


@dataclass
class Server:
    """A running application."""

    port: int
    folder: Path
    web: int
    worker: int | None = None
    services: dict[str, int] = field(default_factory=dict)  # PostgreSQL and Valkey by name

    @property
    def everything(self) -> list[int]:
        """The processes of the whole stack."""
        return list(self.named.values())

    @property
    def named(self) -> dict[str, int]:
        """The same by name."""
        return {"web": self.web} | ({"worker": self.worker} if self.worker else {}) | self.services


def service_pids() -> dict[str, int]:
    """PostgreSQL and Valkey that this measurement started: parents of nobody of ours, children of this process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes().split(b"\0")[0].decode()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        name = Path(command.split(" ")[0]).name  # Valkey writes its address behind its name
        if parent == os.getpid() and name in {"postgres", "valkey-server"}:
            found[name] = int(entry.name)
    return found


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _environment(env: dict[str, str], folder: Path, port: int) -> dict[str, str]:
    names = {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "VISA_PUBLIC_ORIGIN": f"http://localhost:{port}",
    }
    kept = {name: value for name, value in os.environ.items() if name.startswith("VISA_")}
    return env | kept | names


@contextmanager
def server(env: dict[str, str], *, workers: int = WORKERS, worker: bool = False) -> Iterator[Server]:
    """Start the web server as `dev.py run` does (and a Celery worker), wait for it, stop it at the end."""
    port = free_port()
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="visa-booking-bench-") as name:
        folder = Path(name)
        whole = _environment(env, folder, port)
        with (folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "visa_booking.serve", f"--port={port}", f"--workers={workers}"]
            started.append(subprocess.Popen(command, env=whole, stdout=log, stderr=log))
            if worker:
                celery: list[str | Path] = [
                    BIN / "celery", "--app", "visa_booking", "--quiet", "worker", "--pool", "prefork",
                    "--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
                    "--without-heartbeat",
                ]  # fmt: skip
                started.append(subprocess.Popen(celery, env=whole, stdout=log, stderr=log))
            try:
                deadline = time.monotonic() + 300  # imports take long beside other work
                while not _answers(port):
                    if time.monotonic() > deadline or started[0].poll() is not None:
                        raise RuntimeError("The server does not answer:\n" + (folder / "log").read_text()[-3000:])
                    time.sleep(0.1)
                yield Server(port, folder, started[0].pid, started[1].pid if worker else None, service_pids())
            finally:
                for process in reversed(started):
                    process.send_signal(signal.SIGTERM)
                for process in reversed(started):
                    try:
                        process.wait(20)
                    except subprocess.TimeoutExpired:
                        process.kill()
