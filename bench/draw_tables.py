"""What a draw and a tick cost in the tables. Rows are made by statements over series, as nobody waits for that part."""

import secrets
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.draws.closing import close_draw
from appointments.draws.drawing import draw_now
from appointments.models import Category, Counter, Draw, Post, Release, ReleasePolicy, Service
from appointments.releases.ticks import release_tick
from bench.report import Row

OPENING_TICKS = 150

_SLOTS = """
    INSERT INTO appointments_slot (service_id, counter_id, local_day, local_time, starts_at, ends_at, state, quota,
                                   release_id)
    SELECT %(service)s, c.id, d::date, (time '08:00' + q * interval '15 minutes')::time,
           (d::date + time '08:00' + q * interval '15 minutes') AT TIME ZONE 'UTC',
           (d::date + time '08:15' + q * interval '15 minutes') AT TIME ZONE 'UTC', %(state)s, 'ordinary', %(release)s
      FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d
      CROSS JOIN appointments_counter c CROSS JOIN generate_series(0, %(quarters)s - 1) AS q
     WHERE c.post_id = %(post)s ORDER BY d, q, c.id
"""
_REQUESTS = """
    INSERT INTO appointments_request (ticket_id, reference, service_id, contact, contact_index, language, state,
        ended_reason, quota, size, draws_lost, priority_draws, first_day, last_day, earliest, latest, weekdays,
        short_notice, origin, entered_at)
    SELECT md5(n::text || %(salt)s), 'B' || lpad((n + 1000000 * %(service)s)::text, 11, '0'), %(service)s, ''::bytea,
           ''::bytea, 'fr', 'standing', '', 'ordinary',
           CASE WHEN n %% 10 = 0 THEN 2 + n %% 3 ELSE 1 END, n %% 7, 0, %(first)s::date + n %% 20,
           %(first)s::date + 20 + n %% 40, time '08:00' + (n %% 4) * interval '1 hour', '18:00', 31, FALSE, 'online',
           %(entered)s
      FROM generate_series(1, %(number)s) AS n
"""
_PEOPLE = """
    INSERT INTO appointments_person (request_id, position, family_name, given_names, birth_date, nationality,
        passport_country, passport_number, france_visas, identity_scope, identity_index, living)
    SELECT q.id, p, '', '', '', '', '', '', '', 'BENCH:visa', decode(md5(q.ticket_id || p), 'hex'), TRUE
      FROM appointments_request q CROSS JOIN LATERAL generate_series(1, q.size) AS p WHERE q.service_id = %s
"""


def _service(key: str, counters: int) -> Service:
    post = Post.objects.create(
        key=key, name_fr=key, country="DZ", timezone="Africa/Algiers", identity_group="BENCH", languages=["fr"]
    )
    category, _ = Category.objects.get_or_create(
        code="BENCH", defaults={"kind": "short_stay", "identity_family": "visa", "label_fr": "B"}
    )
    service = Service.objects.create(post=post, category=category, slug="bench", service_fee_cents=2900)
    Counter.objects.bulk_create(Counter(post=post, number=number) for number in range(1, counters + 1))
    ReleasePolicy.objects.create(
        service=service,
        version=1,
        mode="windowed",
        release_from=clock(0),
        release_until=clock(23, 59, 59),
        tick_seconds=30,
        slots_per_day=28_000,
        largest_release=20,
        lead_min_days=1,
        lead_max_days=90,
        author="bench",
        reason="bench",
        created_at=timezone.now(),
    )
    return service


def _run(query: str, values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return int(cursor.rowcount)


def _fill(service: Service, first: datetime, days: int, quarters: int, state: str, release: int | None) -> int:
    made = _run(
        _SLOTS,
        {
            "service": service.pk,
            "post": service.post_id,
            "first": first.date(),
            "last": first.date() + timedelta(days=days - 1),
            "quarters": quarters,
            "state": state,
            "release": release,
        },
    )
    _run("VACUUM (ANALYZE) appointments_slot", None)
    return made


def database(claims: int) -> list[Row]:
    """Close and draw with many claims: seconds, and statements, which must not grow with the claims."""
    rows: list[Row] = []
    statements: dict[int, int] = {}
    for number in (claims // 10, claims):
        print(f"  {number:,} claims in the tables …", file=sys.stderr, flush=True)
        service = _service(f"claims-{number}", max(1, number // 20 // (30 * 28)))
        now = timezone.now()
        draw = Draw.objects.create(
            service=service,
            policy=service.policies.get(),
            opened_at=now - timedelta(hours=1),
            closes_at=now,
            source=Draw.Source.DEMONSTRATION,
        )
        release = Release.objects.create(
            service=service,
            policy=draw.policy,
            tick=1,
            kind="drawn",
            draw=draw,
            opened_at=now,
            slots_count=0,
            pool_size=0,
        )
        slots = _fill(service, now + timedelta(days=7), 30, 28, "in_draw", release.pk)
        entered = {"salt": secrets.token_hex(8), "service": service.pk, "number": number, "entered": draw.opened_at}
        _run(_REQUESTS, entered | {"first": now.date()})
        _run(_PEOPLE, [service.pk])
        _run("ANALYZE appointments_request", None)
        _run("ANALYZE appointments_person", None)
        print("    closing and drawing …", file=sys.stderr, flush=True)
        started = time.perf_counter()
        with CaptureQueriesContext(connection) as seen:
            close_draw(draw.pk, now, secrets.token_bytes(32))
            closed = time.perf_counter()
            draw_now(draw.pk, now)
            drawn = time.perf_counter()
        draw.refresh_from_db()
        slowest = max(seen.captured_queries, key=lambda query: float(query["time"]))
        print(f"    slowest statement: {slowest['time']} s, {slowest['sql'][:160]!r}", file=sys.stderr, flush=True)
        statements[number] = len(seen)
        note = f"{draw.tickets_count:,} tickets, {slots:,} slots, {draw.winners_count:,} served, {len(seen)} statements"
        rows.append(Row(f"closing with {number:,} claims, letters included", closed - started, "s"))
        rows.append(Row("  drawing and assigning, letters included", drawn - closed, "s", note=note))
    rows.append(
        Row(
            f"statements for {claims:,} claims",
            statements[claims],
            "",
            "set-wise: below one for 500 claims",
            statements[claims] < claims / 500,
        )
    )
    return rows


def ticks(small: int, large: int) -> list[Row]:
    """Ticks that open something, with a small and a large pool, taken in turns so that both see the same machine."""
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    services = {}
    for number in (small, large):
        print(f"  a pool of {number:,} slots …", file=sys.stderr, flush=True)
        service = _service(f"pool-{number}", max(1, round(number / (60 * 28))))
        made = _fill(service, now + timedelta(days=2), 60, 28, "pooled", None)
        services[number] = (service, made)
    chance = secrets.SystemRandom()
    spent: dict[int, list[float]] = {number: [] for number in services}
    number_of_tick = 0
    while min(map(len, spent.values())) < OPENING_TICKS:
        number_of_tick += 1
        for number, (service, _) in services.items():
            started = time.perf_counter()
            opened = release_tick(service, now + timedelta(seconds=30 * number_of_tick), chance)
            if opened:
                spent[number].append(time.perf_counter() - started)
    medians = {number: 1000 * statistics.median(times) for number, times in spent.items()}
    ratio = medians[large] / medians[small]
    return [
        *(
            Row(f"tick that opens, {services[number][1]:,} slots in the pool", medians[number], "ms", note="median")
            for number in services
        ),
        Row("large pool : small pool", ratio, "", "2", ratio <= 2),
    ]
