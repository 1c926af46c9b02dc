"""A browser behind a proxy with two nodes: every request may go to the other one, and every answer is written down."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from bench.visitor import MOST_REDIRECTS, Answer, forms_of

ANSWER_SECONDS = 12.0
TRY_SECONDS = 5.0  # the proxy tries another node for so long, where a node took no connection at all


class LostAnswerError(Exception):
    """The request was sent and no whole answer came: nobody knows what it did."""


class NobodyThereError(Exception):
    """No node took the request: it certainly did nothing."""


class Book:
    """A file of lines of JSON that belongs to one client."""

    def __init__(self, path: Path) -> None:
        """Append to `path`."""
        self._stream = path.open("a", buffering=1)

    def write(self, **entry: Any) -> None:
        """One line."""
        self._stream.write(json.dumps(entry) + "\n")


@dataclass
class Roamer:
    """One person's browser. `public` is the port in the address that people see; `ports` are the nodes."""

    ports: list[int]
    public: int
    book: Book
    address: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    turn: int = 0

    def _headers(self, body: str | None) -> dict[str, str]:
        headers = {"Host": f"localhost:{self.public}", "Accept-Language": "fr", "Connection": "close"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://localhost:{self.public}"
        if self.address:
            headers["X-Forwarded-For"] = self.address
        return headers

    def send(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> Answer:
        """One request to the next node, redirects not followed. Raises LostAnswerError, NobodyThereError."""
        body = None if fields is None else urlencode({k: v for k, v in fields.items() if not k.startswith("@")})
        began, status, refusals = time.monotonic(), "", 0
        try:
            while True:
                self.turn += 1
                link = http.client.HTTPConnection(
                    "127.0.0.1", self.ports[self.turn % len(self.ports)], timeout=ANSWER_SECONDS
                )
                try:
                    link.connect()
                except OSError as error:
                    refusals += 1
                    if time.monotonic() - began > TRY_SECONDS:
                        status = "nobody there"
                        raise NobodyThereError from error
                    time.sleep(0.05)
                    continue
                try:
                    link.request(method, path, body, self._headers(body))
                    response = link.getresponse()
                    text = response.read().decode(errors="replace")
                except (OSError, http.client.HTTPException) as error:
                    status = type(error).__name__
                    raise LostAnswerError(status) from error
                finally:
                    link.close()
                status = str(response.status)
                return self._taken(path, response, text)
        finally:
            self.book.write(
                at=began,
                end=time.monotonic(),
                method=method,
                status=status,
                refusals=refusals,
                path=path[:12],
                node=self.turn % len(self.ports),
            )

    def _taken(self, path: str, response: http.client.HTTPResponse, text: str) -> Answer:
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                for morsel in SimpleCookie(value).values():
                    self.cookies[morsel.key] = morsel.value
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, path, text, headers)

    def follow(self, answer: Answer) -> Answer:
        """Where the redirects of an answer lead."""
        for _ in range(MOST_REDIRECTS):
            if answer.status not in {301, 302, 303}:
                return answer
            target = urlsplit(urljoin(answer.path, answer.headers["location"]))
            answer = self.send("GET", target.path + (f"?{target.query}" if target.query else ""))
        raise LostAnswerError("too many redirects")

    def get(self, path: str) -> Answer:
        """Open a page and go where it leads."""
        return self.follow(self.send("GET", path))

    def press(self, page: Answer, changes: dict[str, str], *, having: str = "csrfmiddlewaretoken") -> Answer:
        """Send the last form of a page that has the field `having`; redirects are not followed. Raises LookupError."""
        forms = [form for form in forms_of(page.body) if having in form]
        if page.status != 200 or not forms:
            raise LookupError(f"no form with {having} at {page.path[:20]} ({page.status})")
        if forms[-1]["@method"] == "get":
            return self.send("GET", forms[-1]["@action"])
        return self.send("POST", urljoin(page.path, forms[-1]["@action"]) or page.path, forms[-1] | changes)

    def submit(self, page: Answer, changes: dict[str, str], *, having: str = "csrfmiddlewaretoken") -> Answer:
        """The same, and on to where it leads."""
        return self.follow(self.press(page, changes, having=having))
