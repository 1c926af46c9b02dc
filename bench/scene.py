"""What stands in the tables before the rush: one first-come service that is asked for, and other posts around it."""

import secrets
import statistics
import time as stopwatch
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

from appointments.models import Counter, Release, Service, Slot
from appointments.releases.ticks import release_tick
from bench.filling import fill_many
from bench.limits import TABLES
from bench.meter import Meter
from tests.cast import make_post, make_service

A_SERVICE = 1_000_000  # slots of one of the other posts
TICKS = 60


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


def others(slots: int) -> Service:
    """So many slots of other posts' drawn services, in their pools; returns one of these services."""
    return fill_many("other", slots, min(A_SERVICE, slots))[0]


def tick_cost(service: Service) -> float:
    """Median CPU milliseconds, of this process and PostgreSQL, of a tick of `service` that opens something."""
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Meter({"postgres": cursor.fetchone()[0]})
    spent: list[float] = []
    number = 0
    while len(spent) < TICKS and number < 5000:
        number += 1
        began, before = stopwatch.process_time(), backend.read()
        if release_tick(service, now + timedelta(seconds=30 * number), secrets.SystemRandom()):
            spent.append((stopwatch.process_time() - began) * 1000 + backend.since(before)["postgres"])
    return statistics.median(spent)
