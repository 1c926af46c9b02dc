"""Guessing passwords of staff is slowed down per account and per network."""

import hashlib
from typing import Final

from django.core.cache import cache
from redis.exceptions import RedisError

PAUSE_SECONDS: Final = 15 * 60
MOST_PER_ACCOUNT: Final = 10
MOST_PER_NETWORK: Final = 50


def _keys(username: str, network: str) -> list[tuple[str, int]]:
    name = hashlib.sha256(username.strip().lower().encode()).hexdigest()[:32]
    return [(f"staff-fail:u:{name}", MOST_PER_ACCOUNT), (f"staff-fail:n:{network}", MOST_PER_NETWORK)]


def is_paused(username: str, network: str) -> bool:
    """Whether there were too many wrong passwords.

    Without Valkey the door stays open: the second factor guards it, and its own pause is kept in the database.
    """
    try:
        return any((cache.get(key) or 0) >= most for key, most in _keys(username, network))
    except (RedisError, OSError):
        return False


def count_failure(username: str, network: str) -> None:
    """One wrong password more; forgotten fifteen minutes after the first."""
    try:
        for key, _most in _keys(username, network):
            cache.add(key, 0, PAUSE_SECONDS)
            cache.incr(key)
    except (RedisError, OSError, ValueError):
        return
