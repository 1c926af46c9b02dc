"""Load from a process of its own, bounded in time: `python -m bench.load` reads a job as JSON, writes what it saw."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
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

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.seconds if self.seconds else 0.0


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> int:
    writer.write(raw)
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line[15:])
    if length:
        await reader.readexactly(length)
    return status


async def _connection(job: Job, queue: list[bytes], offset: int, until: float, out: list[tuple[float, int]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", job.port)
    pause = job.connections / job.per_second if job.per_second else 0.0
    turn = offset
    due = time.monotonic() + (pause * offset / job.connections if pause else 0.0)
    try:
        while time.monotonic() < until and (not job.once or queue):
            if pause:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                due += pause
            raw = queue.pop() if job.once else queue[turn % len(queue)]
            turn += 1
            began = time.monotonic()
            status = await asyncio.wait_for(_exchange(reader, writer, raw), 60)
            out.append((time.monotonic() - began, status))
    finally:
        writer.close()


async def _run(job: Job) -> Seen:
    queue = [raw.encode("latin-1") for raw in job.requests]
    out: list[tuple[float, int]] = []
    began = time.monotonic()
    until = began + job.seconds
    tasks = [_connection(job, queue, n, until, out) for n in range(job.connections)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    seen = Seen(count=len(out), seconds=time.monotonic() - began, errors=sum(isinstance(r, Exception) for r in results))
    for _, status in out:
        seen.statuses[str(status)] = seen.statuses.get(str(status), 0) + 1
    times = sorted(took * 1000 for took, _ in out)
    if times:
        seen.p50 = statistics.median(times)
        seen.p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
        seen.worst = times[-1]
    return seen


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
    print(json.dumps(asdict(asyncio.run(_run(Job(**json.load(sys.stdin)))))))
