"""Figures for Prometheus; only for the networks named in the settings."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
SHARED_FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if SHARED_FOLDER:  # the processes of one server add up their figures there
    Path(SHARED_FOLDER).mkdir(parents=True, exist_ok=True)

_requests = Counter("visa_requests_total", "Answered requests", ["method", "route", "status"])
_seconds = Histogram(
    "visa_request_seconds", "Time to answer", ["method"], buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
)


class BackgroundCollector:
    """What waits in the queue, and how long ago beat and worker were seen; asked for when somebody scrapes."""

    def collect(self) -> Iterator[Metric]:
        """Nothing at all where Valkey is down: a figure that is not known is not zero."""
        from visa_booking.celery import app
        from visa_booking.health import BEAT_KEY, WORKER_KEY

        try:
            with app.connection_for_read() as connection:
                channel: Any = connection.default_channel  # of Redis: the types know the general one only
                waiting = channel.client.llen(app.conf.task_default_queue)
            seen = {part: cache.get(key) for part, key in (("beat", BEAT_KEY), ("worker", WORKER_KEY))}
        except Exception:  # noqa: BLE001  (whatever the broker's client raises, the other figures are still good)
            return
        yield GaugeMetricFamily("visa_queue_length", "Tasks that wait", value=waiting)
        ages = GaugeMetricFamily("visa_heartbeat_age_seconds", "Since the last sign of life", labels=["part"])
        for part, stamp in seen.items():
            if isinstance(stamp, float):
                ages.add_metric([part], max(0.0, time.time() - stamp))
        yield ages


# Finding a counter among the others by its labels costs more than counting: it is found once.
_counter = lru_cache(maxsize=4096)(_requests.labels)
_clock = lru_cache(maxsize=16)(_seconds.labels)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer; routes are patterns, so their number is bounded whatever visitors type."""
    _counter(method, route, str(status)).inc()
    _clock(method).observe(seconds)


def is_allowed(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Whether `address` lies in one of `networks`; what is no address lies in none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks if network.version == parsed.version)


def _report() -> bytes:
    registry = REGISTRY
    if SHARED_FOLDER:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, SHARED_FOLDER)  # type: ignore[no-untyped-call]
    background = CollectorRegistry()
    background.register(BackgroundCollector())
    return generate_latest(registry) + generate_latest(background)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of this server; elsewhere the page does not exist."""
    if not is_allowed(request.META.get("REMOTE_ADDR", ""), settings.METRICS_NETWORKS):
        return HttpResponseNotFound("Not found\n", content_type="text/plain")
    return HttpResponse(_report(), content_type=CONTENT_TYPE_LATEST)
