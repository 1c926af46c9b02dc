"""What the rush measures: pages and holds against the limits of the same server, in one run."""

import http.client
import statistics
import time as time_module
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from appointments.models import Booking, Counter, Release, Service, Slot
from bench.journey import book
from bench.limits import TABLES
from bench.load import Job, Seen, load, result, start, together
from bench.meter import cpu_seconds, proportional_mb
from bench.people import hold_request, network, ready
from bench.report import Row
from bench.server import Server, server
from tests.cast import make_post, make_service
from visa_booking.serve import WORKERS

CONNECTIONS = 16
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

    def add(self, what: str, value: float, unit: str, bar: str = "", met: bool | None = None, note: str = "") -> None:
        """Keep a figure."""
        self.rows.append(Row(what, value, unit, bar, met, note))

    def rate(self, what: str, path: str, limit: float | None, share: float, more: str = "") -> float:
        """Measure a page; compare it with `share` of a limit."""
        seen, cpu = self.median(lambda _run: [get(path, self.site.port, more)])
        statuses = ",".join(sorted(seen.statuses))
        bar = f"≥ {share:.2f} × limit" if limit else ""
        met = seen.rate >= share * limit if limit else None
        ratio = f"{seen.rate / limit:.2f} of the limit, " if limit else ""
        self.add(what, seen.rate, "1/s", bar, met, f"{ratio}{cpu:.2f} ms CPU, p99 {seen.p99:.0f} ms, status {statuses}")
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


def scene(slots: int) -> tuple[Service, list[int]]:
    """A first-come service with that many slots, a few hundred of them open; returns it and the open ones' ids."""
    service = make_service(make_post(), "first_come", code="PASSPORT", family="passport")
    counters = [Counter.objects.create(post=service.post, number=number) for number in range(1, 41)]
    first = timezone.now().date() + timedelta(days=3)
    _bulk_slots(service, counters, first, slots)
    release = Release.objects.create(
        service=service,
        policy=service.policies.latest(),
        tick=1,
        kind=Release.Kind.FIRST_COME,
        opened_at=timezone.now(),
        slots_count=6000,
        pool_size=slots,
    )
    ids = list(
        Slot.objects.filter(service=service).order_by("local_day", "local_time").values_list("id", flat=True)[:6000]
    )
    Slot.objects.filter(pk__in=ids).update(state=Slot.State.RELEASED, release=release)
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute("ANALYZE")
    return service, ids


def _bulk_slots(service: Service, counters: Sequence[Counter], first: date, slots: int) -> None:
    rows, made, day = [], 0, first
    while made < slots:
        for step in range(32):
            local = datetime.combine(day, time(9)) + timedelta(minutes=15 * step)
            begins = (local - timedelta(hours=1)).replace(tzinfo=UTC)
            for counter in counters:
                if made < slots:
                    rows.append(
                        Slot(
                            service=service,
                            counter=counter,
                            local_day=day,
                            local_time=local.time(),
                            starts_at=begins,
                            ends_at=begins + timedelta(minutes=15),
                        )
                    )
                    made += 1
        day += timedelta(days=1)
        if len(rows) >= 20_000 or made >= slots:
            Slot.objects.bulk_create(rows, batch_size=5000)
            rows = []


def _pages(rush: Rush) -> None:
    site = rush.site
    page, etag = _size(site, "/posts/dz-alg/passport/slots/")
    data, _ = _size(site, "/posts/dz-alg/passport/slots.json")
    rush.rate("static file", "/static/css/site.css", None, 0)
    limit_page = rush.rate(f"smallest view, {page} bytes", f"/limit/bytes/{page}", None, 0)
    limit_data = rush.rate(f"smallest view, {data} bytes", f"/limit/bytes/{data}", None, 0)
    rush.rate("availability page", "/posts/dz-alg/passport/slots/", limit_page, 0.5)
    rush.rate("availability JSON", "/posts/dz-alg/passport/slots.json", limit_data, 0.5)
    rush.rate(
        "availability page, unchanged", "/posts/dz-alg/passport/slots/", limit_page, 0.5, f"If-None-Match: {etag}\r\n"
    )


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
    rush.add(
        "hold a slot", seen.rate, "1/s", "≥ 0.25 × smallest claim", seen.rate >= limit.rate / 4,
        f"{seen.rate / limit.rate:.2f} of the limit, {cpu:.2f} ms CPU, p99 {seen.p99:.0f} ms, status {seen.statuses}",
    )  # fmt: skip


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
    polls = [get("/posts/dz-alg/passport/slots/", port, f"X-Forwarded-For: {network(n)}\r\n") for n in range(1000)]

    def holds() -> Seen:
        turn = [waiting.pop() for _ in range(TURN_HOLDS)]
        return load(Job(port, turn, 4, 60.0, once=True, per_second=20.0))

    quiet, loud, polled = [], [], []
    for _ in range(TURNS):
        quiet.append(holds())
        flood = start(Job(port, polls, 1000, TURN_HOLDS / 20 + 3, per_second=capacity / 2))
        time_module.sleep(1.5)  # until all of them are connected
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
    before, began, requests = cpu_seconds(rush.site.everything), time_module.monotonic(), 0
    for number in range(count):
        requests += book(rush.site, 500_100 + number)
    cpu = (cpu_seconds(rush.site.everything) - before) / count * 1000
    took = (time_module.monotonic() - began) / count
    note = f"web, worker, PostgreSQL and Valkey; {requests / count:.0f} requests, {took:.1f} s"
    rush.add("a whole booking", cpu, "ms CPU", "≤ 60", cpu <= 60, note)


def measure(env: dict[str, str], *, slots: int, seconds: int, runs: int) -> list[Row]:
    """Measure everything on a stage that is set; returns the rows."""
    service, ids = scene(slots)
    with server(env, worker=True) as site:
        rush = Rush(site, seconds, runs)
        rush.add("slots in the tables", slots, "")
        _bookings(rush, 20)  # before the loads, after which PostgreSQL has to sweep
        _pages(rush)
        _holds(rush, service, ids)
        _flood(rush, service, ids)
        _crowd(rush, service, ids)
        web = proportional_mb([site.web]) / WORKERS
        stack = proportional_mb(site.everything)
        rush.add(
            "memory, a web worker",
            web,
            "MB",
            "≤ 150",
            web <= 150,
            f"proportional: parent and {WORKERS} workers, divided by {WORKERS}",
        )
        rush.add("memory, web, worker, PostgreSQL, Valkey", stack, "MB", "≤ 700", stack <= 700, "proportional")
        return rush.rows
