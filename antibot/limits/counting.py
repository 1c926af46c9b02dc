"""The connection to Valkey for counting: short time-outs, and a pause after a failure so that nobody waits for it."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

PREFIX = "antibot:"
PAUSE_SECONDS = 2.0
_away_until = 0.0


class CountingAwayError(Exception):
    """Valkey does not answer; each door decides what that means."""


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0), health_check_interval=30
    )


@lru_cache(maxsize=16)
def _script(url: str, text: str) -> Any:
    return _client(url).register_script(text)


def run(script: str, keys: list[str], args: list[Any]) -> Any:
    """Run a Lua script atomically. `keys` are without prefix. Raises CountingAwayError."""
    return _guarded(lambda: _script(settings.REDIS_URL, script)(keys=[PREFIX + key for key in keys], args=args))


def call(method: str, key: str, *args: Any, **options: Any) -> Any:
    """One command on one key (without prefix). Raises CountingAwayError."""
    return _guarded(lambda: getattr(_client(settings.REDIS_URL), method)(PREFIX + key, *args, **options))


def _guarded(command: Any) -> Any:
    global _away_until  # noqa: PLW0603 - one circuit per process
    if time.monotonic() < _away_until:
        raise CountingAwayError
    try:
        return command()
    except (redis.RedisError, OSError) as error:
        _away_until = time.monotonic() + PAUSE_SECONDS
        raise CountingAwayError from error


def reconnect() -> None:
    """Forget that Valkey was away, and every connection."""
    global _away_until  # noqa: PLW0603
    _away_until = 0.0
    _script.cache_clear()
    _client.cache_clear()
