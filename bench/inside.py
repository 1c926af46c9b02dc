"""The application inside this process: a visitor whose requests are answered here, letters, the bank's messages."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch

from bench.visitor import Visitor

Around = Callable[[], AbstractContextManager[Any]]


@dataclass
class Reply:
    """What a server would have read from a socket."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def read(self) -> bytes:
        """The body."""
        return self.body

    def getheaders(self) -> list[tuple[str, str]]:
        """All of them, as they came."""
        return self.headers


def call(method: str, path: str, body: bytes | None, headers: dict[str, str], around: Around) -> Reply:
    """Let the application answer, `around` it and nothing of the caller's own work."""
    from visa_booking.wsgi import application

    place, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": place, "QUERY_STRING": query,
        "SERVER_NAME": "localhost", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body or b"")), "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""), "wsgi.errors": sys.stderr, "wsgi.multithread": True,
        "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    reply = Reply()

    def start(status: str, answered: list[tuple[str, str]], *_error: Any) -> None:
        reply.status, reply.headers = int(status[:3]), answered

    with around():
        parts = application(environ, start)
        reply.body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
    return reply


class Inside(Visitor):
    """A visitor without sockets."""

    around: Around = nullcontext

    def _send(self, method: str, path: str, body: str | None) -> Any:
        self.requests += 1
        return call(method, path, None if body is None else body.encode(), self._headers(body), self.around)


@contextmanager
def turns(around: Around) -> Iterator[Callable[[float], None]]:
    """What worker and bank do while somebody waits: a function that takes the place of `time.sleep`."""
    from django.urls import reverse
    from django.utils import timezone

    from antibot.payments import sandbox
    from mailroom.post import send_due

    def post(body: bytes, now: datetime) -> int:
        signed = {
            "Content-Type": "application/json",
            sandbox.SIGNATURE_HEADER: sandbox.sign(body, int(now.timestamp())),
        }
        address = reverse("antibot:webhook", args=["sandbox"])
        return call("POST", address, body, {"Host": "localhost:8000", **signed}, around).status

    def turn(_seconds: float) -> None:
        with patch.object(sandbox, "_post", post):
            sandbox.deliver_notices(timezone.now())  # the bank's own work; our answer to it counts
        with around():
            send_due()

    yield turn
