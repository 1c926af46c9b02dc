"""Asking a worker to do something now, which a sweep would do anyway a little later."""

import logging
from typing import Any

import redis
from django.core.cache import cache
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def kick(task: Any, *, expires: int, mark: str = "") -> bool:
    """Put `task` into the queue. Never raises and never waits for long: False where nobody could be asked.

    With `mark` it is put there once: whoever works takes the mark away when it begins (`forget`). `expires` in seconds.
    """
    try:
        # By the cache's connection, which gives up soon; the broker's own would wait seconds for a Valkey that hangs.
        first = cache.add(mark, 1, timeout=expires) if mark else not cache.has_key("kick")
        if first:
            task.apply_async(retry=False, expires=expires)
    except (OperationalError, redis.RedisError, OSError):
        log.warning("kick_failed", extra={"task": task.name})
        return False
    return True


def forget(mark: str) -> None:
    """The work begins: who wants more of it kicks again."""
    try:
        cache.delete(mark)
    except (redis.RedisError, OSError):
        log.warning("kick_not_forgotten", extra={"mark": mark})
