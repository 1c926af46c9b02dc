"""Caps on acts by django-ratelimit, with a decision for the time without Valkey.

The library lets a Redis connection error through to the page (its fail-open setting does not catch it).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import redis
from django.http import HttpRequest
from django_ratelimit.core import get_usage

log = logging.getLogger(__name__)
_ONE_KEY = 1  # the library writes the limit into the key of its count: always the same, as limits are compared here


@dataclass(frozen=True)
class Usage:
    """How often something was done within its window; `known` is False while nothing can be counted."""

    count: int
    limit: int
    seconds_left: int
    known: bool = True

    @property
    def over(self) -> bool:
        """Whether this act is one too many."""
        return self.known and self.count > self.limit


def use(request: HttpRequest, group: str, key: str, limit: int, seconds: int) -> Usage:
    """Count one act of `key` in `group` and say how many there were in the present window of `seconds`.

    Whoever asks with another `limit` (a shared network, a version in shadow) sees the same count.
    """
    try:
        usage = get_usage(
            request, group=f"antibot.{group}", key=lambda _g, _r: key, rate=(_ONE_KEY, seconds), increment=True
        )
    except (redis.RedisError, OSError):
        log.warning("counting_away", extra={"group": group})
        return Usage(0, limit, 0, known=False)
    if usage is None or usage["time_left"] < 0:
        return Usage(0, limit, 0, known=False)
    return Usage(usage["count"], limit, usage["time_left"])
