"""Counting by the hour and by night, the weekly report, alerts."""

from datetime import date, datetime, timedelta

from celery import shared_task
from celery.schedules import crontab
from django.utils import timezone

from appointments.models import Post
from appointments.watch.alerts import alerts_of
from appointments.watch.counting import count_days
from appointments.watch.forgetting import forget_histories
from appointments.watch.letters import readers
from mailroom.post import enqueue_many

# Check-ins and payments of a day may be written down later; after five weeks nothing moves any more.
_NIGHTLY_DAYS = 35

BEAT = {
    "watch-hour": ("appointments.watch.tasks.count_hour", crontab(minute=7)),
    "watch-night": ("appointments.watch.tasks.count_night", crontab(hour=2, minute=20)),
    "watch-week": ("appointments.watch.tasks.send_weekly", crontab(hour=5, minute=30, day_of_week=1)),
    "watch-forget": ("appointments.watch.tasks.forget", crontab(hour=3, minute=50)),
    "watch-alerts": ("appointments.watch.tasks.send_alerts", crontab(minute=17)),
}


@shared_task(name="appointments.watch.tasks.count_hour")
def count_hour() -> int:
    """Today and yesterday, wherever on earth that is."""
    today = timezone.now().date()
    return count_days(today - timedelta(days=1), today + timedelta(days=1))


@shared_task(name="appointments.watch.tasks.count_night")
def count_night() -> int:
    """The last five weeks anew."""
    today = timezone.now().date()
    return count_days(today - timedelta(days=_NIGHTLY_DAYS), today)


@shared_task(name="appointments.watch.tasks.send_weekly")
def send_weekly() -> int:
    """Last week to everybody who answers for a post."""
    return weekly(timezone.now())


@shared_task(name="appointments.watch.tasks.send_alerts")
def send_alerts() -> int:
    """What stands out today and did yesterday."""
    today = timezone.now().date()
    return alert(today) + alert(today - timedelta(days=1))


@shared_task(name="appointments.watch.tasks.forget")
def forget() -> int:
    """Histories after three years."""
    return forget_histories(timezone.now())


def weekly(now: datetime) -> int:
    """Write the report of the last whole week (Monday to Sunday), once a reader and week; returns how many."""
    monday = now.date() - timedelta(days=now.weekday() + 7)
    letters = [
        ("weekly_report", str(user.pk), {"monday": monday.isoformat()}, f"weekly_report:{user.pk}:{monday}")
        for user in readers()
    ]
    return len(enqueue_many(letters))


def alert(day: date) -> int:
    """Tell what stands out on a day, once for each reader, post, number and day; returns how many letters."""
    letters = []
    keys = dict(Post.objects.values_list("pk", "key"))
    for found in alerts_of(day):
        payload = {
            "post": found.post_id,
            "name": found.name,
            "number": found.number,
            "usual": round(found.usual, 1),
            "day": day.isoformat(),
        }
        for user in readers(keys[found.post_id]):
            dedupe = f"figure_alert:{user.pk}:{found.post_id}:{found.name}:{day}"
            letters.append(("figure_alert", str(user.pk), payload, dedupe))
    return len(enqueue_many(letters))
