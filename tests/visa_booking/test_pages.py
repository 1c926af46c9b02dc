"""Health, figures, languages, the address of the visitor."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as live_settings
from django.core.cache import cache
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from visa_booking.health import BEAT_KEY, STALE_SECONDS, WORKER_KEY
from visa_booking.middleware import TrustedProxyMiddleware, client_address


def alive() -> None:
    cache.set(BEAT_KEY, time.time())
    cache.set(WORKER_KEY, time.time())


def test_healthz_asks_nobody(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


def test_probes_come_by_plain_http_and_by_the_address_of_a_container(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz", headers={"host": "172.18.0.7:8000"}).status_code == 200
    assert client.get("/language/fr/").status_code == 301


def test_readyz_when_everything_lives(client: Client, db: None) -> None:
    alive()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer["Cache-Control"].startswith("max-age=0")


@pytest.mark.parametrize(("key", "part"), [(BEAT_KEY, "beat"), (WORKER_KEY, "worker")])
def test_readyz_names_who_is_silent(client: Client, db: None, key: str, part: str) -> None:
    alive()
    cache.set(key, time.time() - STALE_SECONDS - 1)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert [name for name, state in answer.json()["parts"].items() if state != "ok"] == [part]


def test_readyz_names_a_valkey_that_is_gone(client: Client, db: None, settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        }
    }
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert (parts["database"], parts["redis"], parts["worker"]) == ("ok", "down", "down")


def test_readyz_names_a_database_that_is_gone(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    alive()
    monkeypatch.setitem(connections["vault_keys"].settings_dict, "PORT", "1")
    connections["vault_keys"].close()
    monkeypatch.setattr(connections["vault_keys"], "connection", None)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["keys_database"] == "down"
    assert answer.json()["parts"]["database"] == "ok"


def test_a_page_without_its_database_says_so_calmly_and_asks_to_come_back(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Client(raise_request_exception=False)
    connections["default"].close()
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")
    answer = visitor.get("/", headers={"accept-language": "en"})
    monkeypatch.undo()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    page = answer.content.decode()
    assert "Nothing is lost that was confirmed" in page
    assert "Traceback" not in page


def test_metrics_only_for_the_networks_of_the_settings(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="nonsense").status_code == 404
    client.get("/healthz")
    inside = client.get("/metrics", REMOTE_ADDR="127.0.0.1")
    assert inside.status_code == 200
    assert b'visa_requests_total{method="GET",route="healthz",status="200"}' in inside.content


def test_metrics_tell_the_queue_and_the_signs_of_life(client: Client) -> None:
    from visa_booking.tasks import heartbeat

    cache.set(WORKER_KEY, time.time() - 30)
    heartbeat.delay()
    heartbeat.delay()
    said = client.get("/metrics").content.decode()
    assert "visa_queue_length 2.0" in said
    age = re.search(r'visa_heartbeat_age_seconds\{part="worker"\} ([\d.]+)', said)
    assert age
    assert 30 <= float(age.group(1)) < 60


def test_metrics_cannot_be_had_by_a_forged_header(client: Client, settings: Settings) -> None:
    forged = {"HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_X_REAL_IP": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"}
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9", **forged).status_code == 404
    settings.TRUSTED_PROXY_HOPS = 1
    forged["HTTP_X_FORWARDED_FOR"] = "127.0.0.1, 203.0.113.9"
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.2", **forged).status_code == 404


@pytest.mark.parametrize(
    ("hops", "header", "expected"),
    [
        (0, "198.51.100.1", "10.0.0.2"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "127.0.0.1, 198.51.100.1", "198.51.100.1"),
        (2, "127.0.0.1, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.2"),
        (1, "", "10.0.0.2"),
        (1, "198.51.100.1, unknown", "10.0.0.2"),
        (1, "[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_address_behind_trusted_proxies(hops: int, header: str, expected: str) -> None:
    assert client_address("10.0.0.2", header, hops) == expected


@given(st.text(max_size=60), st.integers(0, 3))
def test_what_a_visitor_prepends_changes_nothing(invented: str, hops: int) -> None:
    honest = ", ".join(["198.51.100.1", "10.0.0.8", "10.0.0.9"][:hops])
    header = f"{invented},{honest}" if honest else invented
    assert client_address("10.0.0.2", header, hops) == ("198.51.100.1" if hops else "10.0.0.2")


@pytest.mark.parametrize(("hops", "is_secure"), [(0, False), (1, True)])
def test_https_is_believed_from_a_trusted_proxy_only(settings: Settings, hops: int, is_secure: bool) -> None:
    settings.TRUSTED_PROXY_HOPS = hops
    request = HttpRequest()
    request.META |= {"REMOTE_ADDR": "10.0.0.2", "HTTP_X_FORWARDED_PROTO": "https", "wsgi.url_scheme": "http"}
    seen: list[bool] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.is_secure())
        return HttpResponse()

    TrustedProxyMiddleware(view)(request)
    assert seen == [is_secure]


@pytest.mark.parametrize("code", ["fr", "ar", "en"])
def test_language_is_kept_in_a_cookie(client: Client, code: str) -> None:
    answer = client.get(f"/language/{code}/", {"next": "/draws/?page=2"})
    assert (answer.status_code, answer["Location"]) == (302, "/draws/?page=2")
    assert client.cookies[live_settings.LANGUAGE_COOKIE_NAME].value == code


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "///evil.example",
        "draws/",
    ],
)
def test_language_sends_nobody_elsewhere(client: Client, target: str) -> None:
    assert client.get("/language/fr/", {"next": target})["Location"] == "/"


@pytest.mark.parametrize("code", ["de", "fr%0aSet-Cookie:x", "x" * 500])
def test_an_unknown_language_changes_nothing(client: Client, code: str) -> None:
    answer = client.get(f"/language/{code}/")
    assert answer.status_code == 302
    assert live_settings.LANGUAGE_COOKIE_NAME not in answer.cookies


def test_headers(client: Client) -> None:
    answer = client.get("/language/fr/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert len(answer["X-Request-ID"]) == 16


def test_a_foreign_host_is_refused(client: Client) -> None:
    answer = client.get("/language/fr/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil" not in answer.content


def test_queued_names_the_tasks_that_wait(queued: Callable[[], list[str]]) -> None:
    from visa_booking.tasks import HEARTBEAT, heartbeat

    heartbeat.delay()
    assert queued() == [HEARTBEAT]


def test_readyz_names_a_clock_that_is_wrong(client: Client, db: None) -> None:
    alive()
    assert client.get("/readyz").json()["parts"]["clock"] == "ok"
    with time_machine.travel(time.time() + 60, tick=True):
        assert client.get("/readyz").json()["parts"]["clock"] == "down"


def test_a_full_disk_is_a_page_that_asks_to_come_back() -> None:
    """A document is written to a file as it arrives; the kernel's own error comes from its full device."""
    from visa_booking.errors import server_error

    try:
        with Path("/dev/full").open("w") as device:
            device.write("x" * 100_000)
    except OSError:
        answer = server_error(HttpRequest())
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
