"""Sweeps of bookings and requests, and the schedule of all tasks of the appointments."""

from celery import shared_task
from django.utils import timezone

from appointments.actions import counter, drafts, holds, payments, requests
from appointments.calendar.tasks import BEAT as CALENDAR
from appointments.draws.tasks import BEAT as DRAWS
from appointments.releases.tasks import BEAT as RELEASES
from appointments.watch.tasks import BEAT as WATCH

# name: (task, seconds between runs, or a crontab)
BEAT = {
    **CALENDAR,
    **DRAWS,
    **RELEASES,
    **WATCH,
    "appointments-expire-holds": ("appointments.tasks.expire_holds", 15),
    "appointments-payments": ("appointments.tasks.take_payment_events", 5),
    "appointments-lapsed": ("appointments.tasks.end_lapsed", 3600),
    "appointments-close-days": ("appointments.tasks.close_days", 3600),
    "appointments-drafts": ("appointments.tasks.sweep_drafts", 3600),
}


@shared_task(name="appointments.tasks.expire_holds")
def expire_holds() -> int:
    """End holds that were not paid in time, and write to those whose time is running."""
    now = timezone.now()
    holds.remind_of_holds(now)
    return holds.expire_holds(now)


@shared_task(name="appointments.tasks.take_payment_events")
def take_payment_events() -> int:
    """Act on what antibot says of payments."""
    return payments.take_payment_events(timezone.now())


@shared_task(name="appointments.tasks.end_lapsed")
def end_lapsed() -> int:
    """End requests whose last accepted day is over."""
    return requests.end_lapsed(timezone.now())


@shared_task(name="appointments.tasks.sweep_drafts")
def sweep_drafts() -> int:
    """Erase what was typed and never sent."""
    return drafts.sweep_drafts(timezone.now())


@shared_task(name="appointments.tasks.close_days")
def close_days() -> int:
    """End the requests of days that are over."""
    return counter.close_day(timezone.now())
