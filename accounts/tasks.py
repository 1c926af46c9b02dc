"""Forgetting in time: sign-ins and access records are under retention too."""

from celery import shared_task
from celery.schedules import crontab
from django.utils import timezone

from accounts import journal, presence

BEAT = {"accounts-forget": ("accounts.tasks.forget_old", crontab(hour=3, minute=40))}


@shared_task(name="accounts.tasks.forget_old")
def forget_old() -> int:
    """Erase access records after a year and sign-ins after half a year."""
    now = timezone.now()
    return journal.forget_old(now) + presence.forget_old(now)
