"""What is done at night: sign-ins and access records are forgotten in time, seeds in clear are sealed."""

import structlog
from celery import shared_task
from celery.schedules import crontab
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import authenticators, journal, presence

log = structlog.get_logger(__name__)

BEAT = {
    "accounts-forget": ("accounts.tasks.forget_old", crontab(hour=3, minute=40)),
    "accounts-seal": ("accounts.tasks.seal_authenticators", crontab(hour=3, minute=50)),
}


@shared_task(name="accounts.tasks.forget_old")
def forget_old() -> int:
    """Erase access records after a year and sign-ins after half a year."""
    now = timezone.now()
    return journal.forget_old(now) + presence.forget_old(now)


@shared_task(name="accounts.tasks.seal_authenticators")
def seal_authenticators() -> int:
    """Seal the seeds of authenticator apps that code of before this release has left in clear, once it is gone."""
    if authenticators.waits():
        log.warning("seeds_stand_in_clear", command="manage.py seal_seeds")
        return 0
    return authenticators.seal(TOTPDevice.objects.all())
