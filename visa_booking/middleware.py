"""Who is asking, as far as the proxies in front of us can be believed; and one log line a request."""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Callable

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import resolve

from visa_booking import metrics
from visa_booking.health import healthz, readyz

log = structlog.get_logger("visa_booking.request")
GetResponse = Callable[[HttpRequest], HttpResponse]

FORWARDING = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


def client_address(remote: str, forwarded_for: str, hops: int) -> str:
    """The address that the outermost trusted proxy saw.

    Each proxy appends the address of its peer to `X-Forwarded-For`, so with `hops` proxies of ours the visitor's is
    the `hops`-th from the right; all to the left of it is the visitor's own invention. Where the list is shorter than
    it has to be, or that entry is no address, the connection's own address stands.
    """
    if hops <= 0:
        return remote
    entries = [entry.strip() for entry in forwarded_for.split(",")]
    if len(entries) < hops:
        return remote
    try:
        return str(ipaddress.ip_address(entries[-hops].removeprefix("[").removesuffix("]")))
    except ValueError:
        return remote


class TrustedProxyMiddleware:
    """Put the visitor's address into `REMOTE_ADDR` and drop every forwarding header that nobody vouches for."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Rewrite `META` once, so that no later code has to know about proxies."""
        hops: int = settings.TRUSTED_PROXY_HOPS
        meta = request.META
        scheme = meta.get("HTTP_X_FORWARDED_PROTO", "")
        meta["REMOTE_ADDR"] = client_address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""), hops)
        for header in FORWARDING:
            meta.pop(header, None)
        if not meta.get("CONTENT_LENGTH", "").isdecimal():
            meta.pop("CONTENT_LENGTH", None)  # views compare it with their limits: a length that is no number is none
        if hops and scheme in {"http", "https"}:
            meta["HTTP_X_FORWARDED_PROTO"] = scheme
        return self.get_response(request)


class OnePolicyMiddleware(CSPMiddleware):
    """The content security policy of the settings, put together once: every page of ours has the same.

    The package copies and joins its directives twice a request, 0.2 ms. A page that asks for something of its own (its
    decorators leave marks on the answer, a nonce one on the request) is given that by the package.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Put the header together; one that only reports would be a second header, and is not used here."""
        super().__init__(get_response)
        self._policy = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Give the answer its policy."""
        if hasattr(request, "_csp_nonce") or any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._policy)
        return response


class StorablePathMiddleware:
    """An address with a NUL in it is no page: no column holds one, and PostgreSQL refuses to be asked for it."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """404 before any view looks the address up. Forms refuse the sign by themselves."""
        if "\x00" in request.path_info:
            raise Http404
        return self.get_response(request)


class ProbesMiddleware:
    """Answer the probes before anything asks for the host's name: they come by the address of a container."""

    VIEWS = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics.metrics}

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view itself decides who may see it."""
        view = self.VIEWS.get(request.path_info)
        if view is None:
            return self.get_response(request)
        request.resolver_match = resolve(request.path_info)
        return view(request)


class RequestLogMiddleware:
    """Bind a request id to every log line, count the request, and write one line when it is done."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The id is ours, never the visitor's, and goes back in `X-Request-ID`, for people to quote."""
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        route = request.resolver_match.route if request.resolver_match else "unmatched"
        method = request.method if request.method in metrics.METHODS else "other"
        metrics.observe(method, route, response.status_code, seconds)
        response.route = route  # type: ignore[attr-defined]  # for `visa_booking.remembered`, which counts as we do
        response["X-Request-ID"] = request_id
        log.info("request", method=method, route=route, status=response.status_code, ms=round(seconds * 1000, 1))
        return response
