"""What one booking costs, request by request and process by process: CPU time from the operating system.

Options: `--bookings=N` (10), `--slots=N` in the tables (10,000).

After each request everything rests for a moment, so that what the worker does because of it is counted with it; what
the stack burns when nobody asks for anything is measured first and taken off.
"""

import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.meter import Meter
from bench.report import Row, publish
from bench.stage import stage

REST_SECONDS = 0.25
IDLE_SECONDS = 10.0


@dataclass
class Costs:
    """Milliseconds of CPU by step and process, added up over bookings."""

    meter: Meter
    idle: dict[str, float] = field(default_factory=dict)  # milliseconds a second
    sums: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    _step: str = ""
    _before: dict[str, dict[str, float]] = field(default_factory=dict)
    _began: float = 0.0

    def rest(self) -> None:
        """Measure what nobody asked for."""
        time.sleep(3)
        before = self.meter.read()
        time.sleep(IDLE_SECONDS)
        self.idle = {name: ms / IDLE_SECONDS for name, ms in self.meter.since(before).items()}

    def asked(self, method: str, path: str) -> None:
        """A request goes out."""
        parts = ["…" if re.search(r"\d|[A-Z]|^[\w-]{20,}$", part) else part for part in path.split("/")]
        self._step = f"{method} {'/'.join(parts)}"
        self._before, self._began = self.meter.read(), time.monotonic()

    def answered(self) -> None:
        """Wait until the echo of the request is over and add up."""
        time.sleep(REST_SECONDS)
        after, took = self.meter.since(self._before), time.monotonic() - self._began
        for process, ms in after.items():
            self.sums[self._step][process] += ms - self.idle.get(process, 0.0) * took


def _option(options: Sequence[str], name: str, default: int) -> int:
    found = [option.partition("=")[2] for option in options if option.startswith(f"--{name}=")]
    return int(found[-1]) if found else default


def main(options: Sequence[str]) -> None:
    """Measure and publish."""
    bookings = _option(options, "bookings", 10)
    with stage() as env:
        from bench.journey import book
        from bench.scene import scene
        from bench.server import server

        scene(_option(options, "slots", 10_000))
        with server(env, worker=True) as site:
            for number in range(8):  # every thread of the server has opened its connections
                book(site, 500_000 + number)
            costs = Costs(Meter(site.named))
            costs.rest()
            for number in range(bookings):
                book(site, 510_000 + number, watch=costs)
    publish("costs", rows(costs, bookings))


def rows(costs: Costs, bookings: int) -> list[Row]:
    """A row a step, and their sum."""
    names = sorted({process for by in costs.sums.values() for process in by})
    table = [
        Row(step, sum(by.values()) / bookings, "ms CPU", note=_split(by, names, bookings))
        for step, by in costs.sums.items()
    ]
    whole: dict[str, float] = defaultdict(float)
    for by in costs.sums.values():
        for process, ms in by.items():
            whole[process] += ms
    total = sum(whole.values()) / bookings
    table.append(Row("all of it", total, "ms CPU", note=_split(whole, names, bookings)))
    note = ", ".join(f"{name} {ms:.2f}" for name, ms in sorted(costs.idle.items()))
    table.append(Row("idle, taken off", sum(costs.idle.values()), "ms CPU/s", note=note))
    return table


def _split(by: dict[str, float], names: Sequence[str], bookings: int) -> str:
    return ", ".join(f"{name} {by.get(name, 0.0) / bookings:.1f}" for name in names)
