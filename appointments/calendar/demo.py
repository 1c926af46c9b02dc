"""Demonstration data: every post of the project's data, five of them at work, Algiers in short rounds.

Algiers gives out tourist visas by lot, with rounds of minutes, and passport appointments first come,
first served; the slots that are open at the start were opened by the release process itself, on the
clock of the hour before.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.db import connection, transaction

from appointments.calendar.loading import load_posts
from appointments.calendar.making import make_slots_of_post
from appointments.calendar.public_holidays import refresh_holidays
from appointments.domain.calendar.zones import local_of
from appointments.models import Break, Closure, Counter, Post, ReleasePolicy, Service, Slot
from appointments.releases.ticks import release_tick
from appointments.terms.versions import save_terms, values_of

__all__ = ["build"]

AT_WORK = {
    "dz-alg": ("C-TOUR", "C-FAM", "C-EUFAM", "D-STUD", "P-PASS", "P-CIVIL"),
    "ma-cas": ("C-TOUR", "C-FAM", "D-STUD", "P-PASS"),
    "tn-tun": ("C-TOUR", "C-FAM", "D-STUD", "P-PASS"),
    "sn-dkr": ("C-TOUR", "C-BUS", "D-STUD"),
    "gb-lon": ("C-TOUR", "C-BUS", "D-VIS"),
}
DAYS = 21
AUTHOR = "demo"
TICK_SECONDS = 15
TICKS_BEFORE = 240  # one hour
ALL_DAY = {"release_from": time(0), "release_until": time(23, 59, 59), "tick_seconds": TICK_SECONDS}
WINDOW = {"lead_min_days": 1, "lead_max_days": DAYS, "late_slots_per_day": 0}


@transaction.atomic
def build(now: datetime, say: Callable[[str], object]) -> None:
    """Make the demonstration data; does nothing where they are already.

    Args:
        now: the current instant.
        say: takes a sentence for the person in front of the machine.
    """
    if ReleasePolicy.objects.filter(author=AUTHOR).exists():
        return
    loaded = load_posts(now.date(), now)
    holidays = refresh_holidays(range(now.year, now.year + 2), now.date())
    say(f"{loaded.posts} posts, {loaded.services} services, {holidays.added} public holidays")
    posts = Post.objects.in_bulk(AT_WORK, field_name="key")
    _exceptions(posts["dz-alg"], now)
    slots = sum(_open(post, AT_WORK[key], now) for key, post in posts.items())
    with connection.cursor() as cursor:
        # The planner has no idea of a table that was filled a moment ago.
        cursor.execute("ANALYZE appointments_slot")
    _short_rounds(Service.objects.select_related("post").get(post__key="dz-alg", category__code="C-TOUR"), now)
    # One that costs nothing before the counter, and one that is paid within the hold.
    passports = Service.objects.select_related("post").get(post__key="dz-alg", category__code="P-PASS")
    _first_come(passports, now)
    _first_come(Service.objects.select_related("post").get(post__key="dz-alg", category__code="C-FAM"), now)
    opened = Slot.objects.filter(service=passports, state=Slot.State.RELEASED).count()
    say(f"{slots} slots in {len(posts)} posts for three weeks; {opened} open for passports in Algiers")


def _exceptions(post: Post, now: datetime) -> None:
    """A break every day, and one counter that is closed for an afternoon."""
    Break.objects.create(post=post, starts=time(12, 30), ends=time(13))
    today, _ = local_of(now, post.timezone)
    day = today + timedelta(days=8)
    counter = Counter.objects.get(post=post, number=2)
    Closure.objects.create(
        post=post, counter=counter, first_day=day, last_day=day, starts=time(13), ends=time(17), reason="Formation"
    )


def _open(post: Post, codes: tuple[str, ...], now: datetime) -> int:
    services = Service.objects.filter(post=post, category__code__in=codes)
    services.update(is_open=True)
    today, _ = local_of(now, post.timezone)
    ids = list(services.values_list("pk", flat=True))
    return make_slots_of_post(post, today, today + timedelta(days=DAYS), now, ids).created


def _policy(service: Service, now: datetime, reason: str, **settings: object) -> ReleasePolicy:
    latest = ReleasePolicy.objects.filter(service=service).latest()
    values = {"author": AUTHOR, "reason": reason, "created_at": now, "version": latest.version + 1}
    policy = ReleasePolicy(service=service, **(values | ALL_DAY | WINDOW | settings))
    policy.save()
    return policy


def _short_rounds(service: Service, now: datetime) -> None:
    """A release about every minute, and two minutes to claim: a newcomer sees a draw while looking on."""
    terms = values_of(service) | {"payment_deadline_hours": 1, "cooling_off_days": 0}
    save_terms(service, terms, author=AUTHOR, reason="Demonstration: short rounds.", based_on=1, now=now)
    _policy(
        service,
        now,
        "Demonstration: releases about once a minute, claims drawn after two minutes.",
        mode=ReleasePolicy.Mode.WINDOWED,
        slots_per_day=4800,
        largest_release=6,
        claim_window_seconds=120,
    )


def _first_come(service: Service, now: datetime) -> None:
    """An hour of releases that has passed already, then a slower pace."""
    start = now - timedelta(seconds=TICK_SECONDS * TICKS_BEFORE)
    first_come = {"mode": ReleasePolicy.Mode.FIRST_COME, "largest_release": 6}
    _policy(service, start, "Demonstration: a first hour with many releases.", slots_per_day=1440, **first_come)
    chance = secrets.SystemRandom()
    for tick in range(TICKS_BEFORE):
        release_tick(service, start + timedelta(seconds=TICK_SECONDS * tick), chance)
    _policy(service, now, "Demonstration: a few releases an hour.", slots_per_day=120, **first_come)
