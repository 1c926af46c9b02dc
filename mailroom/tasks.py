"""Sending after commit, and a sweep for what was missed."""

import logging

import redis
from celery import shared_task
from django.core.cache import cache
from kombu.exceptions import OperationalError

from mailroom.post import send_due

log = logging.getLogger(__name__)

# name: (task, seconds between runs)
BEAT = {"mailroom-sweep": ("mailroom.tasks.send_letters", 15)}


@shared_task(name="mailroom.tasks.send_letters", ignore_result=True, soft_time_limit=240, time_limit=270)
def send_letters() -> int:
    """Send what is due. Safe to run in parallel: each letter is claimed by one worker."""
    _forget_kick()
    return send_due()


# A crowd writes hundreds of letters a second; one task sends them all. The mark stands from the kick until the worker
# begins, and the worker takes it away before it looks: whoever commits after that look kicks again.
_KICKED = "mailroom:kicked"
_KICK_EXPIRES = 30


def _forget_kick() -> None:
    try:
        cache.delete(_KICKED)
    except (redis.RedisError, OSError):
        log.warning("mailroom_kick_not_forgotten")


def kick() -> None:
    """Ask a worker to send now, unless one is asked already. A broker that is away only means waiting for the sweep."""
    try:
        if cache.add(_KICKED, 1, timeout=_KICK_EXPIRES):
            send_letters.apply_async(retry=False, expires=_KICK_EXPIRES)
    except (OperationalError, redis.RedisError, OSError):
        log.warning("mailroom_kick_failed")
