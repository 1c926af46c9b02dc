"""What the rush measures: pages and holds against the limits of the same server, in one run."""

import http.client
import statistics
import time
from collections.abc import Callable

from django.conf import settings

from appointments.models import Booking, Service, Slot
from bench.journey import book
from bench.load import Job, Seen, load, result, start, together
from bench.meter import Meter, cpu_seconds, proportional_mb
from bench.people import hold_request, network, ready
from bench.report import Row
from bench.scene import others, scene, tick_cost
from bench.server import Server, server
from bench.visitor import Visitor
from visa_booking.serve import WORKERS

OWN_SLOTS = 7_760  # of the service that is asked for; what is more belongs to other posts
PAGE, DATA = "/posts/dz-alg/passport/slots/", "/posts/dz-alg/passport/slots.json"
CONNECTIONS = 16
LOOKS = 12  # at a page that nobody remembers
TURNS = 5  # of holds without and with a flood
TURN_HOLDS = 120


def get(path: str, port: int, more: str = "") -> str:
    """A raw request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept-Language: fr\r\n{more}\r\n"


class Rush:
    """One measured server and what is asked of it."""

    def __init__(self, site: Server, seconds: int, runs: int) -> None:
        """`seconds` of load, `runs` times; the median counts."""
        self.site, self.seconds, self.runs = site, seconds, runs
        self.rows: list[Row] = []

    def median(self, requests: Callable[[int], list[str]], *, once: bool = False) -> tuple[Seen, float]:
        """The run with the median rate, and the median CPU milliseconds a request of web, PostgreSQL and Valkey."""
        seen, cost = [], []
        for run in range(self.runs):
            before = cpu_seconds(self.site.everything)
            job = Job(self.site.port, requests(run), CONNECTIONS, 60.0 if once else float(self.seconds), once=once)
            one = load(job)
            cost.append((cpu_seconds(self.site.everything) - before) / max(1, one.count) * 1000)
            seen.append(one)
        seen.sort(key=lambda one: one.rate)
        return seen[len(seen) // 2], statistics.median(cost)

    def add(
        self,
        what: str,
        value: float,
        unit: str,
        bar: str = "",
        met: bool | None = None,
        note: str = "",
        cpu: float | None = None,
    ) -> None:
        """Keep a figure; `cpu`: CPU milliseconds of one request, where the figure itself is another."""
        self.rows.append(Row(what, value, unit, bar, met, note, cpu))

    def rate(self, what: str, path: str, limit: float | None, share: float, more: str = "") -> float:
        """Measure a page; compare it with `share` of a limit."""
        seen, cpu = self.median(lambda _run: [get(path, self.site.port, more)])
        statuses = ",".join(sorted(seen.statuses))
        bar = f"≥ {share:.2f} × limit" if limit else ""
        met = seen.rate >= share * limit if limit else None
        ratio = f"{seen.rate / limit:.2f} of the limit, " if limit else ""
        note = f"{ratio}{cpu:.2f} ms CPU, p99 {seen.p99:.0f} ms, status {statuses}"
        self.add(what, seen.rate, "1/s", bar, met, note, cpu)
        return seen.rate


def _size(site: Server, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    connection.request("GET", path, headers={"Host": f"localhost:{site.port}", "Accept-Language": "fr"})
    answer = connection.getresponse()
    body = answer.read()
    etag = answer.getheader("ETag") or ""
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return len(body), etag


def _pages(rush: Rush) -> None:
    site = rush.site
    page, etag = _size(site, PAGE)
    data, _ = _size(site, DATA)
    rush.rate("static file", "/static/css/site.css", None, 0)
    limit_page = rush.rate(f"smallest view, {page} bytes", f"/limit/bytes/{page}", None, 0)
    limit_data = rush.rate(f"smallest view, {data} bytes", f"/limit/bytes/{data}", None, 0)
    rush.rate("availability page", PAGE, limit_page, 0.5)
    rush.rate("availability JSON", DATA, limit_data, 0.5)
    rush.rate("availability page, unchanged", PAGE, limit_page, 0.5, f"If-None-Match: {etag}\r\n")


def _rendered(rush: Rush) -> None:
    """The same, asked for so seldom that nobody remembers them: what rendering one anew costs."""
    meter, visitor = Meter(rush.site.named), Visitor("localhost", rush.site.port)
    for what, path in (("availability page, rendered", PAGE), ("availability JSON, rendered", DATA)):
        spent: list[float] = []
        for _ in range(LOOKS):
            time.sleep(2.1)
            before = meter.read()
            visitor.get(path)
            spent.append(sum(meter.since(before).values()))
        rush.add(what, statistics.median(spent), "ms CPU", note="web, worker, PostgreSQL and Valkey")


def _holds(rush: Rush, service: Service, ids: list[int]) -> None:
    port, names = rush.site.port, (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    limit, cpu = rush.median(
        lambda _run: [f"POST /limit/claim HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 0\r\n\r\n"]
    )
    rush.add("smallest claim in a view", limit.rate, "1/s", note=f"{cpu:.2f} ms CPU")
    count = 400
    people = ready(service, 0, count * rush.runs)

    def requests(run: int) -> list[str]:
        mine = range(run * count, (run + 1) * count)
        return [hold_request(people[n], ids[n], port, *names) for n in mine]

    seen, cpu = rush.median(requests, once=True)
    note = f"{seen.rate / limit.rate:.2f} of the limit, {cpu:.2f} ms CPU, p99 {seen.p99:.0f} ms, {seen.statuses}"
    met = seen.rate >= limit.rate / 4
    rush.add("hold a slot", seen.rate, "1/s", "≥ 0.25 × smallest claim", met, note, cpu)


def _crowd(rush: Rush, service: Service, ids: list[int]) -> None:
    """200 people for 50 slots, all at once."""
    names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    port = rush.site.port
    people = ready(service, 100_000, 200)
    wanted = ids[-50:]
    _close_the_others(service, wanted)
    before = Booking.objects.count()
    requests = [hold_request(person, wanted[n % 50], port, *names) for n, person in enumerate(people)]
    seen = load(Job(port, requests, 200, 60.0, once=True))
    served = Booking.objects.count() - before
    rush.add(
        "200 people at once for 50 slots: served", served, "people", "exactly 50", served == 50, str(seen.statuses)
    )
    rush.add("  told, median", seen.p50, "ms", "≤ 2000", seen.p50 <= 2000)
    rush.add("  p99 / p50", seen.p99 / seen.p50, "", "≤ 5", seen.p99 <= 5 * seen.p50, f"errors {seen.errors}")


def _close_the_others(service: Service, wanted: list[int]) -> None:
    Slot.objects.filter(service=service, state=Slot.State.RELEASED).exclude(pk__in=wanted).update(
        state=Slot.State.POOLED, release=None
    )


def _flood(rush: Rush, service: Service, ids: list[int]) -> None:
    """Holds by some people, without and with a thousand pollers at half of the measured capacity, in turns.

    A hundredth of a hundred holds is one unlucky hold: the holds of all turns are looked at together.
    """
    names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    port = rush.site.port
    capacity = next(row.value for row in rush.rows if row.what == "availability page")
    people = ready(service, 200_000, 2 * TURNS * TURN_HOLDS)
    waiting = [hold_request(person, slot, port, *names) for person, slot in zip(people, ids[2000:], strict=False)]
    polls = [get(PAGE, port, f"X-Forwarded-For: {network(n)}\r\n") for n in range(1000)]

    def holds() -> Seen:
        turn = [waiting.pop() for _ in range(TURN_HOLDS)]
        return load(Job(port, turn, 4, 60.0, once=True, per_second=20.0))

    quiet, loud, polled = [], [], []
    for _ in range(TURNS):
        quiet.append(holds())
        flood = start(Job(port, polls, 1000, TURN_HOLDS / 20 + 3, per_second=capacity / 2))
        time.sleep(1.5)  # until all of them are connected
        loud.append(holds())
        polled.append(result(flood))
    before, after = together(quiet), together(loud)
    pollers = together(polled)
    rush.add("hold p99, quiet", before.p99, "ms", note=f"p50 {before.p50:.0f} ms, {before.statuses}")
    rush.add(
        "hold p99, 1,000 pollers", after.p99, "ms", "≤ 2 × quiet", after.p99 <= 2 * before.p99,
        f"{after.p99 / before.p99:.1f} ×, p50 {after.p50:.0f} ms, {after.statuses}, pollers {pollers.rate:.0f}/s "
        f"(asked for {capacity / 2:.0f}) {pollers.statuses}, their p99 {pollers.p99:.0f} ms, errors {pollers.errors}",
    )  # fmt: skip


def _bookings(rush: Rush, count: int) -> None:
    """Whole bookings, one after the other: what one costs in CPU over web, worker, PostgreSQL and Valkey."""
    for number in range(8):  # every thread of the server has its connections and has seen every page
        book(rush.site, 500_000 + number)
    before, began, requests = cpu_seconds(rush.site.everything), time.monotonic(), 0
    for number in range(count):
        requests += book(rush.site, 500_100 + number)
    cpu = (cpu_seconds(rush.site.everything) - before) / count * 1000
    took = (time.monotonic() - began) / count
    note = f"web, worker, PostgreSQL and Valkey; {requests / count:.0f} requests, {took:.1f} s"
    rush.add("a whole booking", cpu, "ms CPU", "≤ 60", cpu <= 60, note)


def _memory(rush: Rush) -> None:
    web = proportional_mb([rush.site.web]) / WORKERS
    stack = proportional_mb(rush.site.everything)
    note = f"proportional: parent and {WORKERS} workers, divided by {WORKERS}"
    rush.add("memory, a web worker", web, "MB", "≤ 150", web <= 150, note)
    rush.add("memory, web, worker, PostgreSQL, Valkey", stack, "MB", "≤ 700", stack <= 700, "proportional")


def measure(env: dict[str, str], *, slots: int, seconds: int, runs: int) -> list[Row]:
    """Measure everything on a set stage, with so many slots in the tables (at least 10,000); returns the rows."""
    service, ids = scene(OWN_SLOTS)
    pool = others(slots - OWN_SLOTS)
    with server(env, worker=True) as site:
        rush = Rush(site, seconds, runs)
        rush.add("slots in the tables", slots, "")
        _bookings(rush, 20)  # before the loads, after which PostgreSQL has to sweep
        _pages(rush)
        _rendered(rush)
        _holds(rush, service, ids)
        _flood(rush, service, ids)
        _crowd(rush, service, ids)
        _memory(rush)
        rush.add("a tick that opens", tick_cost(pool), "ms CPU", note="this process and PostgreSQL")
        return rush.rows
