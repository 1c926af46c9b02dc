"""Answers that are the same for everybody, given before Django is asked.

The pages of open times are rendered once a second (`appointments.views.remembered`); what remained of a poller's
request was Django's way in and out, a thousand times the work of handing over the bytes. A crowd of pollers shares a
process with those who are just taking a slot, so that work is theirs to wait for.

Nothing is decided here: an answer is given again only to a request that is alike in everything that Django's answer
could depend on (address, host, scheme, languages, a cookie that chooses the language, the entity tag the browser has),
and only where the view said how long that is right. Its request id is new and it is counted like any other; the log has
one line for all that were given, when the answer is renewed or makes room: a flood of lookers must not be a flood of
lines.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpResponseBase

from appointments.views.remembered import shared_until
from visa_booking import metrics

log = structlog.get_logger("visa_booking.request")
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# Languages and hosts that people send are few; who invents more of them only goes the long way. So does who sends
# longer ones than any browser: 512 of what a server lets through would be hundreds of megabytes.
MOST_ANSWERS = 512
LONGEST_KEY = 4000  # signs; cookies of ours and of a foreign domain's neighbours have room
# While one thread renders the page anew, the others need not wait for it: they give what they have.
GRACE_SECONDS = 1.0
_HEADERS = (
    "HTTP_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "wsgi.url_scheme",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_IF_NONE_MATCH",
)


@dataclass(slots=True)
class _Answer:
    until: float
    status: str
    code: int
    route: str
    headers: list[tuple[str, str]]
    body: bytes
    renewing: bool = False
    times: int = 0  # given to others; threads may lose one of a thousand, which only the log sees


class Remembered:
    """A WSGI application in front of Django's."""

    def __init__(self, application: Application) -> None:
        """`application` is asked for whatever is not remembered."""
        self.application = application
        self._answers: dict[Hashable, _Answer] = {}
        self._guard = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from memory, or let Django answer and remember what it says."""
        key = _key(environ)
        if key is None:
            return self.application(environ, start_response)
        answer = self._answers.get(key)
        if answer is not None and self._may_give(answer):
            return _give(answer, start_response)
        return self._ask(key, environ, start_response)

    def _may_give(self, answer: _Answer) -> bool:
        now = time.monotonic()
        if now < answer.until:
            return True
        with self._guard:
            if answer.renewing:
                return now < answer.until + GRACE_SECONDS
            answer.renewing = True
        return False

    def _ask(self, key: Hashable, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        said: list[Any] = []

        def listen(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said[:] = [status, headers]
            return start_response(status, headers, *more)

        response = self.application(environ, listen)
        until = shared_until(response)
        if until is not None and said and isinstance(response, HttpResponseBase):
            self._keep(key, until, said[0], said[1], response)
        return response

    def _keep(self, key: Hashable, until: float, status: str, headers: Any, response: HttpResponseBase) -> None:
        kept = [(name, value) for name, value in headers if name.lower() != "x-request-id"]
        if any(name.lower() == "set-cookie" for name, _ in headers):
            return  # something of one person's: nobody else's
        route = _route(response)
        fresh = _Answer(until, status, response.status_code, route, kept, b"".join(response))
        with self._guard:
            replaced = self._answers.get(key)
            gone = [replaced] if replaced is not None else self._made_room()
            if replaced is not None or len(self._answers) < MOST_ANSWERS:
                self._answers[key] = fresh
        for answer in gone:
            if answer.times:
                log.info("requests", method="GET", route=answer.route, status=answer.code, times=answer.times)

    def _made_room(self) -> list[_Answer]:
        """Take out what is over, where there is no room for one more; the guard is held."""
        if len(self._answers) < MOST_ANSWERS:
            return []
        now = time.monotonic()
        over = [key for key, answer in self._answers.items() if answer.until <= now]
        return [self._answers.pop(key) for key in over]


def _key(environ: Environ) -> Hashable | None:
    path = environ.get("PATH_INFO", "")
    if environ.get("REQUEST_METHOD") != "GET" or environ.get("QUERY_STRING") or not path.startswith("/posts/"):
        return None
    if not path.endswith(("/slots/", "/slots.json")):
        return None
    cookies = environ.get("HTTP_COOKIE", "")
    chosen = cookies if settings.LANGUAGE_COOKIE_NAME in cookies else ""
    key = (path, chosen, *(environ.get(name, "") for name in _HEADERS))
    return key if sum(map(len, key)) <= LONGEST_KEY else None


def _route(response: HttpResponseBase) -> str:
    match = getattr(response, "route", None)
    return match if isinstance(match, str) else "unmatched"


def _give(answer: _Answer, start_response: StartResponse) -> Iterable[bytes]:
    start_response(answer.status, [*answer.headers, ("X-Request-ID", secrets.token_hex(8))])
    answer.times += 1
    metrics.observe("GET", answer.route, answer.code, 0.0)
    return [answer.body]
