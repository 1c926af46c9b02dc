"""CPU time and memory of processes, from the operating system."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pids: Iterable[int]) -> set[int]:
    """These processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of the processes, of their living descendants, and of the descendants that have ended."""
    total = 0.0
    for pid in family(pids):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(value) for value in fields[11:15]) / _TICKS
    return total


def proportional_mb(pids: Iterable[int]) -> float:
    """Proportional set size (shared pages divided among their users) of the processes and their descendants, in MB."""
    total = 0
    for pid in family(pids):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def high_water_mb(pid: int) -> float:
    """The most memory that a process has held so far, in MB; 0 once it is gone.

    Not `getrusage`: what that says of children begins with the size of the parent that started them.
    """
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmHWM:")), default=0.0)


@dataclass(frozen=True)
class Meter:
    """CPU milliseconds of named processes with their descendants, to the microsecond.

    The scheduler counts nanoseconds for each living thread (`/proc/<pid>/task/<tid>/schedstat`); what ended between two
    readings is lost, so it is for short steps. Long loads are measured by `cpu_seconds`.
    """

    roots: Mapping[str, int]

    def read(self) -> dict[str, dict[str, float]]:
        """Milliseconds of each thread so far, by name of the process."""
        return {name: _threads(family([pid])) for name, pid in self.roots.items()}

    def since(self, before: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
        """Milliseconds since a reading, by name of the process."""
        return {
            name: sum(ms - before[name].get(thread, 0.0) for thread, ms in threads.items())
            for name, threads in self.read().items()
        }


def _threads(pids: Iterable[int]) -> dict[str, float]:
    found = {}
    for pid in pids:
        for entry in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                found[f"{pid}/{entry.parent.name}"] = int(entry.read_text().split()[0]) / 1e6
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found
