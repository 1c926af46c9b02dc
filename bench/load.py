"""Load from a process of its own, bounded in time: `python -m bench.load` reads a job as JSON, writes what it saw."""

import heapq
import json
import re
import select
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass
class Job:
    """What to send. Each connection sends its requests one after the other; several bodies go round."""

    port: int
    requests: list[str]  # raw HTTP/1.1 requests, taken in turn
    connections: int
    seconds: float
    once: bool = False  # every request is sent once; ends when all are answered
    per_second: float = 0.0  # of all connections together; 0: as fast as answers come


@dataclass
class Seen:
    """What came back: latencies in milliseconds."""

    count: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0
    errors: int = 0
    times: list[float] = field(default_factory=list)  # each answer's, sorted

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.seconds if self.seconds else 0.0


_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_PATIENCE = 60.0  # seconds for an answer


class _Connection:
    """One connection: what it asked last, since when, and what has come so far."""

    __slots__ = ("began", "came", "due", "socket", "status", "turn", "wanted")

    def __init__(self, port: int, turn: int, due: float) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.turn, self.due = turn, due
        self.began, self.came, self.wanted, self.status = 0.0, 0, 0, 0

    def ask(self, raw: bytes) -> None:
        self.came = self.wanted = 0
        self.began = time.monotonic()
        self.socket.sendall(raw)

    def take(self) -> bool:
        """What has come; True where the answer is whole. Answers bring their length."""
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("closed")
        if not self.wanted:  # the head comes in one piece: servers write it at once
            end = data.index(b"\r\n\r\n") + 4
            length = _LENGTH.search(data, 0, end)
            self.status, self.wanted = int(data[9:12]), end + (int(length[1]) if length else 0)
        self.came += len(data)
        return self.came >= self.wanted


class _Load:
    """One loop over all connections, without a framework: the generator must not take the cores it measures."""

    def __init__(self, job: Job) -> None:
        self.job, self.seen = job, Seen()
        self.requests = [raw.encode("latin-1") for raw in job.requests]
        self.poll = select.epoll()
        self.busy: dict[int, _Connection] = {}
        self.idle: list[tuple[float, int, _Connection]] = []  # by when their turn is

    def run(self) -> Seen:
        job, began = self.job, time.monotonic()
        self.pause = job.connections / job.per_second if job.per_second else 0.0
        for number in range(job.connections):
            due = began + self.pause * number / job.connections
            heapq.heappush(self.idle, (due, number, _Connection(job.port, number, due)))
        began = time.monotonic()
        self.until = began + job.seconds
        while self._begin_due() or self.busy:
            self._answers()
        self.seen.seconds = time.monotonic() - began
        return _judge(self.seen)

    def _begin_due(self) -> bool:
        """Ask on every connection whose turn it is; False where nothing more is to be asked."""
        now = time.monotonic()
        if now >= self.until or (self.job.once and not self.requests):
            return False
        while self.idle and self.idle[0][0] <= now and not (self.job.once and not self.requests):
            connection = heapq.heappop(self.idle)[2]
            raw = self.requests.pop() if self.job.once else self.requests[connection.turn % len(self.requests)]
            connection.turn += 1
            connection.due += self.pause
            number = connection.socket.fileno()
            self.busy[number] = connection
            self.poll.register(number, select.EPOLLIN)
            connection.ask(raw)
        return True

    def _answers(self) -> None:
        now = time.monotonic()
        wait = min(0.5, max(0.0, self.idle[0][0] - now)) if self.idle else 0.5
        for number, _event in self.poll.poll(wait):
            connection = self.busy[number]
            try:
                whole = connection.take()
            except (OSError, ValueError):
                self._end(connection, failed=True)
                continue
            if whole:
                self.seen.times.append((time.monotonic() - connection.began) * 1000)
                name = str(connection.status)
                self.seen.statuses[name] = self.seen.statuses.get(name, 0) + 1
                self._end(connection, failed=False)
        if now > self.until + _PATIENCE:
            for connection in list(self.busy.values()):
                self._end(connection, failed=True)

    def _end(self, connection: _Connection, *, failed: bool) -> None:
        number = connection.socket.fileno()
        self.poll.unregister(number)
        del self.busy[number]
        if failed:
            self.seen.errors += 1
            connection.socket.close()
        else:
            heapq.heappush(self.idle, (connection.due, number, connection))


def _judge(seen: Seen) -> Seen:
    seen.times.sort()
    seen.count = len(seen.times)
    if seen.times:
        seen.p50 = statistics.median(seen.times)
        seen.p99 = seen.times[min(seen.count - 1, int(seen.count * 0.99))]
        seen.worst = seen.times[-1]
    return seen


def together(parts: Sequence[Seen]) -> Seen:
    """Several loads, one after the other, as one."""
    whole = Seen()
    for part in parts:
        whole.seconds += part.seconds
        whole.errors += part.errors
        whole.times += part.times
        for status, count in part.statuses.items():
            whole.statuses[status] = whole.statuses.get(status, 0) + count
    return _judge(whole)


def start(job: Job) -> "subprocess.Popen[str]":
    """Start the load in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.write(json.dumps(asdict(job)))
    process.stdin.close()
    return process


def result(process: "subprocess.Popen[str]") -> Seen:
    """Wait for the load and read what it saw."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    text = process.stdout.read()
    process.wait()
    return Seen(**json.loads(text))


def load(job: Job) -> Seen:
    """Send the load and wait for it."""
    return result(start(job))


if __name__ == "__main__":
    print(json.dumps(asdict(_Load(Job(**json.load(sys.stdin))).run())))
