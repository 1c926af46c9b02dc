"""The whole site: servers on a small disk, two nodes of everything, and a supervisor that starts what has died."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.volume import Volume, small_volume
from devtool import places
from devtool.children import Children
from devtool.servers import Postgres, Valkey, free_port, new_password

BIN = Path(sys.executable).parent
DISK_MEGABYTES = 512
RESTART_SECONDS = 1.0  # what `restart: unless-stopped` of the compose file takes at first
SMALL = {"max_wal_size": "96MB", "min_wal_size": "32MB", "idle_in_transaction_session_timeout": "10s"}  # a small disk


@dataclass
class Site:
    """Processes by name: `web-a`, `web-b`, `worker-a`, `worker-b`, `beat-a`, `beat-b`, `letterbox`, `bank`, servers."""

    folder: Path
    volume: Volume
    children: Children
    postgres: Postgres
    valkey: Valkey
    env: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    commands: dict[str, list[str]] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)  # down on purpose: the supervisor leaves them
    due: dict[str, float] = field(default_factory=dict)
    restarts: int = 0
    lean: bool = False  # workers without processes of their own, for a machine that has other work

    @property
    def nodes(self) -> list[int]:
        """Ports of the web nodes."""
        return [self.ports["web-a"], self.ports["web-b"]]

    def start_servers(self) -> None:
        """PostgreSQL (on the small disk, every commit waits for it) and Valkey; the environment that leads to them."""
        self._start_postgres()
        self._start_valkey()
        self.env |= {
            "DATABASE_URL": self.postgres.url("visa_booking"),
            "VISA_KEYS_DATABASE_URL": self.postgres.url("visa_keys"),
            "REDIS_URL": self.valkey.url(),
        }

    def _start_postgres(self) -> None:
        self.postgres.start(self.children, self.folder / "postgres.log")

    def _start_valkey(self) -> None:
        self.valkey.start(self.children, self.folder / "valkey.log")

    def start_nodes(self) -> None:
        """Two of each, and the mail server."""
        for name in ("web-a", "web-b", "letterbox"):
            self.ports[name] = free_port()
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "bench.chaos.settings",
            "DATA_DIR": str(self.folder),
            "PORT": str(self.ports["web-a"]),
            "VISA_PUBLIC_ORIGIN": f"http://localhost:{self.ports['web-a']}",
            "VISA_EMAIL_URL": f"smtp://127.0.0.1:{self.ports['letterbox']}",
            "VISA_UPLOAD_DIR": str(self.volume.folder / "uploads"),
            "PYTHONUNBUFFERED": "1",
        }
        self._name_commands()
        for name in self.commands:
            self.start(name)

    def _name_commands(self) -> None:
        mail = self.folder / "mail"
        mail.mkdir()
        self.commands["letterbox"] = [
            sys.executable,
            "-m",
            "bench.chaos.letterbox",
            str(mail),
            str(self.ports["letterbox"]),
        ]
        celery = [str(BIN / "celery"), "--app", "visa_booking", "--quiet"]
        for letter in "ab":
            self.commands[f"web-{letter}"] = [
                sys.executable, "-m", "visa_booking.serve",
                "--port", str(self.ports[f"web-{letter}"]), "--workers", "1",
            ]  # fmt: skip
            self.commands[f"worker-{letter}"] = [
                *celery, "worker", "--pool", "solo" if self.lean else "prefork", "--concurrency", "2",
                "--loglevel", "WARNING",
                "--hostname", f"{letter}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat",
            ]  # fmt: skip
            schedule = str(self.folder / f"beat-{letter}.schedule")
            self.commands[f"beat-{letter}"] = [
                *celery,
                "beat",
                "--loglevel",
                "WARNING",
                "--schedule",
                schedule,
                "--pidfile=",
            ]

    def start(self, name: str) -> None:
        """Start one part."""
        self.resting.discard(name)
        if name == "postgres":
            self._start_postgres()
        elif name == "valkey":
            self._start_valkey()
        else:
            env = {**os.environ, **self.env, "BENCH_CLOCK": str(self.folder / f"clock-{name}")}
            with (self.folder / f"{name}.log").open("ab") as log:
                self.children.start(name, self.commands[name], env=env, cwd=places.ROOT, log=log)

    def _label(self, name: str) -> str:
        return {"postgres": "PostgreSQL", "valkey": "Valkey"}.get(name, name)

    def pid(self, name: str) -> int:
        """The first process of a part."""
        return self.children.running[self._label(name)][0].pid

    def kill(self, name: str) -> None:
        """SIGKILL for the whole part, as when its machine is lost; the supervisor starts it again."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid(name), signal.SIGKILL)

    def kill_a_child(self, name: str) -> None:
        """SIGKILL for one of the processes that do the work, not for the one that looks after them."""
        pid = self.pid(name)
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if listed:
            os.kill(int(listed[-1]), signal.SIGKILL)

    def signal(self, name: str, what: int) -> None:
        """One signal to the first process of a part."""
        os.kill(self.pid(name), what)

    def stop(self, name: str) -> None:
        """Stop a part properly and leave it down."""
        self.resting.add(name)
        self.children.stop(self._label(name))

    def rest(self, name: str) -> None:
        """Kill a part and leave it down until `start`."""
        self.resting.add(name)
        self.kill(name)
        self.children.stop(self._label(name))

    def supervise(self) -> None:
        """Start again, a second later, what has died without being told to."""
        for name in ["postgres", "valkey", *self.commands]:
            if name in self.resting:
                continue
            entry = self.children.running.get(self._label(name))
            if entry is not None and entry[0].poll() is None:
                continue
            due = self.due.setdefault(name, time.monotonic() + RESTART_SECONDS)
            if time.monotonic() < due:
                continue
            del self.due[name]
            if entry is not None:
                self.children.stop(self._label(name))
            self.restarts += 1
            with suppress(places.Trouble):
                self.start(name)

    def answers(self, port: int, path: str = "/healthz") -> bool:
        """Whether a node answers 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def wait_ready(self, seconds: float) -> bool:
        """Until every part of both nodes reports itself well."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.supervise()
            if all(self.answers(port, "/readyz") for port in self.nodes):
                return True
            time.sleep(0.2)
        return False


def copy_schema(sources: list[str], targets: list[str], programs: Path) -> None:
    """Fill empty databases with what others hold: quicker than migrating, for a short run."""
    for source, target in zip(sources, targets, strict=True):
        dump = subprocess.run([programs / "pg_dump", "--no-owner", source], capture_output=True, check=True)
        subprocess.run([programs / "psql", "--quiet", target], input=dump.stdout, capture_output=True, check=True)


@contextmanager
def site(base: Path) -> Iterator[Site]:
    """A site in `base`; everything is gone afterwards."""
    who = places.account()
    base.chmod(0o711)
    children = Children(base / "processes.json", str(base))
    with small_volume(base, DISK_MEGABYTES) as volume:
        postgres = Postgres(volume.folder / "postgres", who, new_password(), durable=True)
        postgres.settings |= SMALL
        made = Site(base, volume, children, postgres, Valkey(base / "valkey", who, new_password(), durable=True))
        try:
            yield made
        finally:
            for label, (process, _) in children.running.items():
                if label == "Valkey":
                    with suppress(ProcessLookupError):
                        process.send_signal(signal.SIGCONT)
            children.stop_all()
