"""Processes that end when they should: told in order, and by the kernel when we are killed."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
MARK = "DEVTOOL_OWNER"


def die_with_parent(parent: int, how: int) -> Callable[[], None] | None:
    """Linux only: ask for signal `how` when the parent dies, which also covers its SIGKILL."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: afterwards only plain calls are safe

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, how, 0, 0, 0)
        if os.getppid() != parent:  # died in between
            os._exit(1)

    return ask


def started_at(pid: int) -> str:
    """When `pid` started, in whatever form the system tells it; empty where it runs no more."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return "" if fields[0] in "ZX" else fields[19]  # a zombie that nobody has collected runs no more
        return ""
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def command_line(pid: int) -> str:
    """The command line of `pid`; empty where there is no such process."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    found = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()


class Children:
    """Started processes, remembered in a file so that the next start finds what a SIGKILL left behind."""

    def __init__(self, record: Path, owner: str) -> None:
        """`record` is the file; `owner` marks the environment of every process started here."""
        self.record = record
        self.owner = owner
        self.running: dict[str, tuple[subprocess.Popen[bytes], int]] = {}

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: IO[bytes] | int | None = None,
        stop_signal: int = signal.SIGTERM,
        stdin: bytes | None = None,
        options: Mapping[str, object] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `command` in a session of its own, so that Ctrl-C reaches us alone and we stop things in order."""
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [str(part) for part in command],
            env={**env, MARK: self.owner},
            cwd=cwd,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log is not None else None,
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid(), stop_signal),  # noqa: PLW1509  (no threads are running here)
            **(options or {}),  # type: ignore[call-overload]
        )
        if stdin is not None and process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
        self.running[name] = (process, stop_signal)
        self._remember()
        return process

    def stop(self, name: str, seconds: float = 15) -> None:
        """Ask one process to end, and end it after `seconds`; its whole group goes with it."""
        process, stop_signal = self.running.pop(name)
        if process.poll() is None:
            with suppress(ProcessLookupError):
                process.send_signal(stop_signal)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                print(f"{name} did not stop within {seconds:.0f} s and was killed.", flush=True)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._remember()

    def stop_all(self) -> None:
        """The last started first."""
        for name in reversed(list(self.running)):
            self.stop(name)
        self.record.unlink(missing_ok=True)

    def dead(self) -> str | None:
        """The name of a process that has ended by itself."""
        return next((name for name, (process, _) in self.running.items() if process.poll() is not None), None)

    def _remember(self) -> None:
        rows = [[name, process.pid, started_at(process.pid)] for name, (process, _) in self.running.items()]
        self.record.write_text(json.dumps(rows))

    def end_leftovers(self) -> list[str]:
        """End what an earlier, killed run left, and nothing else: pid and start time, or our mark, must agree."""
        found: dict[int, str] = {}
        with suppress(OSError, ValueError):
            rows = json.loads(self.record.read_text())
            found |= {pid: name for name, pid, started in rows if started and started_at(pid) == started}
        mark = f"{MARK}={self.owner}".encode()
        for entry in Path("/proc").glob("[0-9]*/environ") if Path("/proc/self").exists() else ():
            with suppress(OSError):
                if mark in entry.read_bytes().split(b"\0") and int(entry.parent.name) != os.getpid():
                    found.setdefault(int(entry.parent.name), "a child process")
        for how in (signal.SIGINT, signal.SIGKILL):
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
            deadline = time.monotonic() + 5
            while any(started_at(pid) for pid in found) and time.monotonic() < deadline:
                time.sleep(0.05)
        self.record.unlink(missing_ok=True)
        return sorted(set(found.values()))
