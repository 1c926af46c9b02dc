"""Growth: what is done most, with 10^4, 10^6 and 10^7 slots in the tables, CPU time from the operating system.

Options: `--sizes=10000,1000000,10000000`. The largest takes some 5 GB of disk and some minutes to fill.
"""

import os
import secrets
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bench.report import Row, publish
from bench.stage import stage

SIZES = (10_000, 1_000_000, 10_000_000)
HOLDS = 200
LOOKS = 12
TICKS = 60
MOST = 1.5


def main(options: Sequence[str]) -> None:
    """Measure and publish."""
    found = [option.partition("=")[2] for option in options if option.startswith("--sizes=")]
    sizes = tuple(int(size) for size in found[-1].split(",")) if found else SIZES
    with stage() as env:
        rows = measure(env, sizes)
    publish("growth", rows)


def measure(env: dict[str, str], sizes: Sequence[int]) -> list[Row]:
    """Fill the tables step by step and measure at each step; the last is compared with the first."""
    from bench.filling import fill_many
    from bench.rushing import scene
    from bench.server import server

    # Pages are asked for so seldom here that each would open a connection again, which is half of what a page costs.
    os.environ["VISA_DATABASE_MAX_AGE_SECONDS"] = "3600"
    service, ids = scene(7000)
    seen: list[dict[str, float]] = []
    there = 7000
    pool = None
    rows = []
    for at, size in enumerate(sizes):
        services = fill_many(f"s{at}", max(2240, size - there), min(1_000_000, max(2240, size - there)))
        pool = services[0]
        there = size
        with server(env) as site:
            seen.append(_Step(site, service, ids, at).measure() | {"a tick that opens": _tick(pool)})
        for what, value in seen[-1].items():
            print(f"  {what}, {size:,} slots: {value:.2f} ms CPU", file=sys.stderr, flush=True)
            rows.append(Row(f"{what}, {size:,} slots", value, "ms CPU"))
    for what, first in seen[0].items():
        ratio = seen[-1][what] / first
        rows.append(Row(f"{what}: last / first", ratio, "", f"≤ {MOST}", ratio <= MOST))
    return rows


def _tick(service) -> float:  # type: ignore[no-untyped-def]
    """Median milliseconds of PostgreSQL's and our CPU for a tick that opens something."""
    from django.db import connection

    from appointments.releases.ticks import release_tick
    from bench.meter import Meter

    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Meter({"postgres": cursor.fetchone()[0]})
    spent: list[float] = []
    number = 0
    while len(spent) < TICKS and number < 5000:
        number += 1
        began, before = time.process_time(), backend.read()
        if release_tick(service, now + timedelta(seconds=30 * number), secrets.SystemRandom()):
            spent.append((time.process_time() - began) * 1000 + backend.since(before)["postgres"])
    return sorted(spent)[len(spent) // 2]


class _Step:
    """One size of the tables."""

    def __init__(self, site, service, ids: list[int], at: int) -> None:  # type: ignore[no-untyped-def]
        self.site, self.service, self.ids, self.at = site, service, ids, at

    def measure(self) -> dict[str, float]:
        """CPU milliseconds of each act, over web, PostgreSQL and Valkey."""
        from django.conf import settings

        from bench.people import hold_request, ready

        names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
        port = self.site.port
        people = ready(self.service, 700_000 + self.at * HOLDS * 2, HOLDS * 2)
        mine = self.ids[self.at * HOLDS * 2 : (self.at + 1) * HOLDS * 2]
        holds = [hold_request(person, slot, port, *names) for person, slot in zip(people, mine, strict=True)]
        self._load(holds[:HOLDS], 8)  # connections are open, plans are made
        page, data = "/posts/dz-alg/passport/slots/", "/posts/dz-alg/passport/slots.json"
        return {
            "hold a slot": self._load(holds[HOLDS:], 8),
            "availability page, rendered": self._rendered(page),
            "availability JSON, rendered": self._rendered(data),
        }

    def _load(self, requests: list[str], connections: int) -> float:
        from bench.load import Job, load
        from bench.meter import cpu_seconds

        before = cpu_seconds(self.site.everything)
        seen = load(Job(self.site.port, requests, connections, 120.0, once=True))
        if set(seen.statuses) - {"200", "302"} or seen.errors:
            raise RuntimeError(f"{seen.statuses}, {seen.errors} errors")
        return (cpu_seconds(self.site.everything) - before) / max(1, seen.count) * 1000

    def _rendered(self, path: str) -> float:
        """The same page asked for so seldom that nobody remembers it."""
        from bench.meter import Meter
        from bench.visitor import Visitor

        meter, spent = Meter(self.site.named), []
        visitor = Visitor("localhost", self.site.port)
        for _ in range(LOOKS):
            time.sleep(2.1)
            before = meter.read()
            visitor.get(path)
            spent.append(sum(meter.since(before).values()))
        return sorted(spent)[len(spent) // 2]
