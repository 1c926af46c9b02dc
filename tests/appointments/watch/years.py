"""Five years of figures of sixty posts, and what the database spends on reading them."""

import os
import time as clock
from datetime import date, timedelta
from pathlib import Path

from django.db import connection
from django.utils import timezone

from appointments.models import Figure, Post
from appointments.models.aggregates import COUNTS, WAIT_DAYS


def five_years_of_sixty_posts() -> None:
    """A figure for each day, and for each month, of sixty posts."""
    posts = Post.objects.bulk_create(
        Post(key=f"p{i}", name_fr=f"Poste {i}", country="DZ", timezone="Africa/Algiers", identity_group="DZ")
        for i in range(60)
    )
    today = timezone.now().date()
    months, month = [], today.replace(day=1)
    for _ in range(61):
        months.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    counts = dict.fromkeys(COUNTS, 1234)
    waits = [3] * len(WAIT_DAYS)
    Figure.objects.bulk_create(
        (Figure(span="month", post=p, first_day=m, waits=waits, **counts) for p in posts for m in months),
        batch_size=2000,
    )
    # One row for each day and post, from one that Django wrote.
    Figure.objects.create(span="day", post=posts[0], first_day=date(2000, 1, 1), waits=waits, **counts)
    columns = ", ".join([*COUNTS, "waits"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO appointments_figure (span, post_id, first_day, {columns}) "
            f"SELECT 'day', p.id, %s::date - d, {columns} FROM appointments_post p, generate_series(0, 1825) d, "
            "appointments_figure f WHERE f.first_day = '2000-01-01' AND p.key LIKE 'p%%'",
            [today],
        )


def database_cpu() -> float:
    """Seconds of CPU that our connection's process of the server has used: a busy machine makes wall time useless.

    Where that process is not on this machine, or the system has no /proc, the time that passes is counted instead.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8'")
        pid, here = cursor.fetchone()
    stat = Path(f"/proc/{pid}/stat")
    if not here or not stat.exists():
        return clock.monotonic()
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def five_years_of_counter_measures() -> None:
    """Every month of five years and every day of four months, for every kind and result that there is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO antibot_guardtally (span, first_day, post_key, kind, outcome, number) "
            "SELECT s.span, s.day, p.key, k.kind, o.outcome, 7 FROM appointments_post p, "
            "(SELECT 'month' AS span, (date_trunc('month', now()) - m * interval '1 month')::date AS day "
            " FROM generate_series(0, 60) m UNION ALL "
            " SELECT 'day', current_date - d FROM generate_series(0, 119) d) s, "
            "unnest(ARRAY['picture', 'harder', 'sound', 'proof', 'mail', 'sms']) k(kind), "
            "unnest(ARRAY['issued', 'passed', 'failed']) o(outcome)"
        )
