"""Caps on acts by django-ratelimit, with a decision for the time without Valkey.

The library lets a Redis connection error through to the page (its fail-open setting does not catch it).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import redis
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from antibot.limits.counting import CountingAwayError, run

log = logging.getLogger(__name__)


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


# Windows begin with the first act, as the caps are told to people: so many a minute.
_COUNT = """
local out = {}
for i, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('EXPIRE', key, ARGV[i]) end
  out[2 * i - 1], out[2 * i] = count, redis.call('TTL', key)
end
return out
"""


def use_together(*caps: tuple[str, str, int, int]) -> list[Usage]:
    """Count one act in several caps `(group, key, limit, seconds)` at once: one way to Valkey for all of them.

    The door that a whole crowd goes through; django-ratelimit asks twice for each cap.
    """
    keys = [f"c:{group}:{key}" for group, key, _limit, _seconds in caps]
    try:
        flat = run(_COUNT, keys, [seconds for _group, _key, _limit, seconds in caps])
    except CountingAwayError:
        return [Usage(0, limit, 0, known=False) for _group, _key, limit, _seconds in caps]
    return [Usage(flat[2 * at], cap[2], max(0, flat[2 * at + 1])) for at, cap in enumerate(caps)]


def use(request: HttpRequest, group: str, key: str, limit: int, seconds: int, *, count: bool = True) -> Usage:
    """Count one act of `key` in `group` and say how many there were in the present window of `seconds`."""
    try:
        usage = get_usage(
            request, group=f"antibot.{group}", key=lambda _g, _r: key, rate=(limit, seconds), increment=count
        )
    except (redis.RedisError, OSError):
        log.warning("counting_away", extra={"group": group})
        return Usage(0, limit, 0, known=False)
    if usage is None or usage["time_left"] < 0:
        return Usage(0, limit, 0, known=False)
    return Usage(usage["count"], limit, usage["time_left"])
