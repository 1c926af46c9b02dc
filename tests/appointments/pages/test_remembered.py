"""Answers given before Django is asked: the same bytes and headers, for a moment, and nothing of a person."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from structlog.testing import capture_logs

from appointments.queries import services
from appointments.views.remembered import pages
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, Scene, open_slots
from visa_booking import remembered
from visa_booking.remembered import Remembered

SLOTS = "/posts/dz-alg/passport/slots/"
DATA = "/posts/dz-alg/passport/slots.json"


class _Counted:
    """Django, and how often it was asked."""

    def __init__(self) -> None:
        self.django = WSGIHandler()
        self.asked = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.asked += 1
        return self.django(environ, start_response)


@pytest.fixture
def django(settings: LazySettings, scene: Scene) -> Iterator[_Counted]:
    """A process that remembers, with five open times."""
    settings.PAGE_MEMORY_SECONDS = 30
    pages.forget()
    services.forget()
    open_slots(scene.first_come, 5)
    yield _Counted()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    pages.forget()
    services.forget()


@pytest.fixture
def site(django: _Counted) -> Remembered:
    """The application as the server calls it."""
    return Remembered(django)


def _ask(application: Any, path: str, method: str = "GET", **more: str) -> tuple[str, dict[str, str], bytes]:
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "testserver",
        "SERVER_PORT": "443", "HTTP_HOST": "testserver", "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "https", "HTTP_ACCEPT_LANGUAGE": "fr",
    } | more  # fmt: skip
    # As the test client does: a request must not close the connection in whose transaction the test runs.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    said: list[Any] = []
    body = b"".join(application(environ, lambda status, headers, *_: said.extend([status, dict(headers)])))
    return said[0], said[1], body


@pytest.mark.parametrize("path", [SLOTS, DATA])
def test_the_second_answer_is_the_first_one_without_django(site: Remembered, django: _Counted, path: str) -> None:
    first = _ask(site, path)
    again = _ask(site, path)
    assert first[0] == "200 OK"
    assert django.asked == 1
    assert again[2] == first[2]
    ids = first[1].pop("X-Request-ID"), again[1].pop("X-Request-ID")
    assert ids[0] != ids[1]
    assert again[:2] == first[:2]
    assert "default-src 'none'" in again[1]["Content-Security-Policy"]


def test_what_the_browser_has_is_answered_with_304(site: Remembered, django: _Counted) -> None:
    etag = _ask(site, SLOTS)[1]["ETag"]
    first = _ask(site, SLOTS, HTTP_IF_NONE_MATCH=etag)
    again = _ask(site, SLOTS, HTTP_IF_NONE_MATCH=etag)
    assert (first[0], first[2]) == (again[0], again[2]) == ("304 Not Modified", b"")
    assert again[1]["ETag"] == etag
    assert django.asked == 2
    assert _ask(site, SLOTS, HTTP_IF_NONE_MATCH='"another"')[0] == "200 OK"


def test_every_language_host_and_scheme_is_another_answer(site: Remembered, django: _Counted) -> None:
    french = _ask(site, SLOTS)[2].decode()
    assert 'lang="ar"' in _ask(site, SLOTS, HTTP_ACCEPT_LANGUAGE="ar")[2].decode()
    chosen = _ask(site, SLOTS, HTTP_COOKIE="a=b; django_language=en")[2].decode()
    assert 'lang="en"' in chosen
    assert 'lang="fr"' in french
    assert _ask(site, SLOTS, HTTP_HOST="elsewhere.example")[0].startswith("400")
    assert django.asked == 4


LONG = "x" * 5000  # nobody's browser sends that much, and 512 times what a server lets through is a process full


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/", {}),
        ("/my/", {}),
        (SLOTS, {"QUERY_STRING": "a=1"}),
        (SLOTS, {"method": "HEAD"}),
        (SLOTS, {"HTTP_ACCEPT_LANGUAGE": LONG}),
        (SLOTS, {"HTTP_IF_NONE_MATCH": LONG}),
        (SLOTS, {"HTTP_COOKIE": f"django_language=en; a={LONG}"}),
    ],
)
def test_everything_else_is_asked_of_django(
    site: Remembered, django: _Counted, path: str, more: dict[str, str]
) -> None:
    for _ in range(2):
        _ask(site, path, **more)
    assert django.asked == 2


def test_nothing_of_a_person_is_remembered(site: Remembered, django: _Counted, scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.ready(scene.first_come, ALICE)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in alice.client.cookies.items())
    hers = _ask(site, SLOTS, HTTP_COOKIE=cookies)
    assert "Set-Cookie" not in hers[1]
    assert _ask(site, SLOTS)[2] == hers[2]
    assert django.asked == 1
    assert ALICE_MAIL not in hers[2].decode()


def test_an_answer_that_is_over_is_renewed_by_one_while_others_have_the_old_one(
    site: Remembered, django: _Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ask(site, DATA)
    [answer] = site._answers.values()
    answer.until -= 30.5
    inside, go_on = threading.Event(), threading.Event()
    whole = django.django

    def slow(environ: dict[str, Any], start_response: Any) -> Any:
        inside.set()
        go_on.wait(10)
        return whole(environ, start_response)

    monkeypatch.setattr(django, "django", slow)
    renewer = threading.Thread(target=_ask, args=(site, DATA))
    renewer.start()
    assert inside.wait(10)
    assert _ask(site, DATA)[0] == "200 OK"
    assert django.asked == 2
    go_on.set()
    renewer.join(20)
    _ask(site, DATA)
    assert django.asked == 2


def test_the_memory_is_bounded(site: Remembered) -> None:
    for number in range(remembered.MOST_ANSWERS + 50):
        _ask(site, DATA, HTTP_ACCEPT_LANGUAGE=f"fr, x{number}")
    assert len(site._answers) <= remembered.MOST_ANSWERS


@pytest.mark.parametrize("ended_by", ["renewal", "another that needs the room"])
def test_what_was_given_from_memory_is_counted_in_the_log_once(
    site: Remembered, monkeypatch: pytest.MonkeyPatch, ended_by: str
) -> None:
    monkeypatch.setattr(remembered, "MOST_ANSWERS", 1)
    for _ in range(4):
        _ask(site, DATA)
    [answer] = site._answers.values()
    answer.until -= 60
    with capture_logs() as lines:
        for _ in range(2):
            _ask(site, DATA if ended_by == "renewal" else SLOTS)
    said = [(line["route"], line["status"], line["times"]) for line in lines if line["event"] == "requests"]
    assert said == [("posts/<slug:post_key>/<slug:slug>/slots.json", 200, 3)]
    assert len(site._answers) == 1


def test_an_answer_that_was_given_to_nobody_else_writes_no_line(
    site: Remembered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "MOST_ANSWERS", 1)
    _ask(site, DATA)
    next(iter(site._answers.values())).until -= 60
    with capture_logs() as lines:
        _ask(site, SLOTS)
    assert not [line for line in lines if line["event"] == "requests"]


@pytest.mark.parametrize(
    "header",
    [
        {"HTTP_IF_MATCH": '"x"'},
        {"HTTP_IF_MODIFIED_SINCE": "Mon, 01 Jan 2035 00:00:00 GMT"},
        {"HTTP_IF_UNMODIFIED_SINCE": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"HTTP_RANGE": "bytes=0-5"},
        {"HTTP_ACCEPT": "text/evil"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"CONTENT_TYPE": "application/json"},
    ],
    ids=lambda header: next(iter(header)),
)
def test_no_header_of_one_visitor_changes_what_the_next_is_given(site: Remembered, header: dict[str, str]) -> None:
    _ask(site, SLOTS, **header)
    status, _headers, body = _ask(site, SLOTS)
    assert status == "200 OK"
    assert b"evil" not in body
    assert body == _ask(Remembered(site.application), SLOTS)[2]
