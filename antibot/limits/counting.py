"""The connection to Valkey for counting: short time-outs, and the circuit that it shares with the cache."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import redis
from django.conf import settings

from vault.circuit import VALKEY
from vault.guarded_cache import GuardedRedis, retry_of_stale_connections

PREFIX = "antibot:"


class CountingAwayError(Exception):
    """Valkey does not answer; each door decides what that means."""


_clients: dict[str, redis.Redis] = {}  # by address


def _client(url: str) -> redis.Redis:
    found = _clients.get(url)
    if found is None:
        fresh = GuardedRedis.from_url(
            url,
            socket_timeout=0.4,
            socket_connect_timeout=0.4,
            retry=retry_of_stale_connections(),
            health_check_interval=30,
        )
        found = _clients.setdefault(url, fresh)  # a thread that was as fast has made one too
    return found


@lru_cache(maxsize=16)
def _script(url: str, text: str) -> Any:
    return _client(url).register_script(text)


def run(script: str, keys: list[str], args: list[Any]) -> Any:
    """Run a Lua script atomically. `keys` are without prefix. Raises CountingAwayError."""
    return _guarded(lambda: _script(settings.REDIS_URL, script)(keys=[PREFIX + key for key in keys], args=args))


def call(method: str, key: str, *args: Any, **options: Any) -> Any:
    """One command on one key (without prefix). Raises CountingAwayError."""
    return _guarded(lambda: getattr(_client(settings.REDIS_URL), method)(PREFIX + key, *args, **options))


_DRAIN = "local all = redis.call('HGETALL', KEYS[1]); redis.call('DEL', KEYS[1]); return all"


def drain(key: str) -> dict[str, int]:
    """Take the counters of a hash out of Valkey, all at once; nothing while it is away."""
    try:
        flat: list[bytes] = run(_DRAIN, [key], [])
    except CountingAwayError:
        return {}
    return {name.decode(): int(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _guarded(command: Any) -> Any:
    try:
        return command()
    except (redis.RedisError, OSError) as error:
        raise CountingAwayError from error


def reconnect() -> None:
    """Forget that Valkey was away, and close every connection."""
    VALKEY.answered()
    _script.cache_clear()
    while _clients:
        _clients.popitem()[1].close()
