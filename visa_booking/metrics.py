"""Figures for Prometheus; only for the networks named in the settings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})

_requests = Counter("visa_requests_total", "Answered requests", ["method", "route", "status"])
_seconds = Histogram(
    "visa_request_seconds", "Time to answer", ["method"], buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer; routes are patterns, so their number is bounded whatever visitors type."""
    _requests.labels(method, route, str(status)).inc()
    _seconds.labels(method).observe(seconds)


def is_allowed(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Whether `address` lies in one of `networks`; what is no address lies in none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks if network.version == parsed.version)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of this process; elsewhere the page does not exist."""
    if not is_allowed(request.META.get("REMOTE_ADDR", ""), settings.METRICS_NETWORKS):
        return HttpResponseNotFound("Not found\n", content_type="text/plain")
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
