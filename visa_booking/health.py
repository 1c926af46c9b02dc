"""`/healthz`: this process answers. `/readyz`: everything a booking needs answers too."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger("visa_booking.health")

BEAT_KEY = "heartbeat:beat"
WORKER_KEY = "heartbeat:worker"
BEAT_SECONDS = 10
STALE_SECONDS = 45
CLOCK_SECONDS = 5


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives; asks nobody else, so that a database outage restarts no web server."""
    return HttpResponse("ok\n", content_type="text/plain")


def _database(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _clock() -> bool:
    """Whether this node's clock is the database's: holds and codes end by it, and several nodes have to agree."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return bool(abs(now.timestamp() - time.time()) < CLOCK_SECONDS)


def _redis() -> bool:
    key = "readyz"
    cache.set(key, "1", 10)
    return bool(cache.get(key) == "1")


def _fresh(key: str) -> bool:
    stamp = cache.get(key)
    return isinstance(stamp, float) and abs(time.time() - stamp) < STALE_SECONDS


def beat_is_alive() -> bool:
    """Whether beat has sent lately; for the probe of its container."""
    return _fresh(BEAT_KEY)


CHECKS: dict[str, Callable[[], bool]] = {
    "database": lambda: _database("default"),
    "keys_database": lambda: _database("vault_keys"),
    "clock": _clock,
    "redis": _redis,
    "worker": lambda: _fresh(WORKER_KEY),
    "beat": beat_is_alive,
}


def state() -> dict[str, str]:
    """Name → `ok` or `down`; why something is down goes to the log, not to the visitor."""
    found: dict[str, str] = {}
    for name, check in CHECKS.items():
        try:
            found[name] = "ok" if check() else "down"
        except Exception as error:  # noqa: BLE001  (whatever a broken part raises, the answer is that it is down)
            log.warning("readiness check failed", check=name, error=type(error).__name__)
            found[name] = "down"
    return found


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part is seen alive, 503 otherwise, with the state of each."""
    parts = state()
    ready = all(value == "ok" for value in parts.values())
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)
