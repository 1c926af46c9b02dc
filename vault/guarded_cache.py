"""Django's cache in Valkey, which costs a fraction of a second when Valkey hangs, once a second and process."""

from contextlib import suppress
from typing import Any

import redis
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.retry import Retry

from vault.circuit import VALKEY


class ValkeyAwayError(redis.ConnectionError):
    """Valkey did not answer a moment ago, so it was not asked again."""


def retry_of_stale_connections() -> Retry:
    """A connection that Valkey's restart has cut is replaced at once; one that hangs is not waited for twice."""
    return Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))


class GuardedRedis(redis.Redis):
    """A client that asks the circuit before it asks Valkey."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """One command. Raises ValkeyAwayError within the pause after a failure."""
        if not VALKEY.may_ask():
            raise ValkeyAwayError("asked a moment ago")
        try:
            answer = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            VALKEY.failed()
            raise
        except redis.ResponseError:  # it answers, whatever it says
            VALKEY.answered()
            raise
        VALKEY.answered()
        return answer


class _Client(RedisCacheClient):
    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, retry=retry_of_stale_connections(), **options)
        self._client = GuardedRedis
        self._kept: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client of the one server. Django makes one for each command, which costs as much as the command."""
        if self._kept is None:
            self._kept = super().get_client(key, write=write)
        return self._kept


class GuardedRedisCache(RedisCache):
    """For `CACHES`; time-outs stand in its OPTIONS."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        """As Django calls it."""
        super().__init__(server, params)
        self._class = _Client


def recall(key: str) -> Any:
    """What was remembered, for what can be worked out again; None where nothing was, and while Valkey is away."""
    try:
        return cache.get(key)
    except (redis.RedisError, OSError):
        return None


def remember(key: str, value: Any, seconds: int) -> None:
    """Remember it where that is possible."""
    with suppress(redis.RedisError, OSError):
        cache.set(key, value, seconds)
