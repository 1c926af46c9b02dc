"""Sending after commit, and a sweep for what was missed."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from mailroom.post import send_due

log = logging.getLogger(__name__)

# name: (task, seconds between runs)
BEAT = {"mailroom-sweep": ("mailroom.tasks.send_letters", 15)}


@shared_task(name="mailroom.tasks.send_letters", ignore_result=True, soft_time_limit=240, time_limit=270)
def send_letters() -> int:
    """Send what is due. Safe to run in parallel: each letter is claimed by one worker."""
    return send_due()


def kick() -> None:
    """Ask a worker to send now. A broker that is away only means waiting for the sweep."""
    try:
        send_letters.apply_async(retry=False, expires=30)
    except (OperationalError, OSError):
        log.warning("mailroom_kick_failed")
