"""A browser without a screen: cookies, forms, redirects; enough to walk the applicant's way by HTTP."""

import http.client
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Protocol
from urllib.parse import urlencode, urljoin, urlsplit

MOST_REDIRECTS = 6


@dataclass
class Answer:
    """What came back, after redirects."""

    status: int
    path: str
    body: str
    headers: dict[str, str]


class _Forms(HTMLParser):
    """The fields of every form of a page, as a browser would send them untouched."""

    def __init__(self) -> None:
        """Start with no form."""
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take fields of the form that is open."""
        values = dict(attrs)
        if tag == "form":
            self.forms.append(
                {"@action": values.get("action") or "", "@method": (values.get("method") or "get").lower()}
            )
        if not self.forms:
            return
        name = values.get("name")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in values or self._select not in self.forms[-1]):
            self.forms[-1][self._select] = values.get("value") or ""
        elif tag == "input" and name:
            kind = values.get("type", "text")
            if kind in {"checkbox", "radio"} and "checked" not in values:
                return
            self.forms[-1][name] = values.get("value") or ""
        elif tag == "button" and name:
            self.forms[-1][f"@button {name}"] = values.get("value") or ""
        elif tag == "textarea" and name:
            self.forms[-1][name] = ""

    def handle_endtag(self, tag: str) -> None:
        """A select is over."""
        if tag == "select":
            self._select = None


def forms_of(body: str) -> list[dict[str, str]]:
    """The forms of a page: field → value, with `@action`, `@method` and `@button <name>`, which are not sent."""
    parser = _Forms()
    parser.feed(body)
    return parser.forms


class Watch(Protocol):
    """Somebody who wants to know what each request costs."""

    def asked(self, method: str, path: str) -> None:
        """A request is about to go out."""

    def answered(self) -> None:
        """Its answer is here."""


@dataclass
class Visitor:
    """One person's browser on one address of this machine."""

    host: str
    port: int
    address: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    watch: Watch | None = None
    _connection: http.client.HTTPConnection | None = None

    def _headers(self, body: str | None) -> dict[str, str]:
        headers = {"Host": f"{self.host}:{self.port}", "Accept-Language": "fr"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://{self.host}:{self.port}"
        if self.address:
            headers["X-Forwarded-For"] = self.address
        return headers

    def _send(self, method: str, path: str, body: str | None) -> http.client.HTTPResponse:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        self._connection.request(method, path, body, self._headers(body))
        self.requests += 1
        return self._connection.getresponse()

    def open(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        """Ask for a page and follow its redirects."""
        body = None if fields is None else urlencode({k: v for k, v in fields.items() if not k.startswith("@")})
        for _ in range(MOST_REDIRECTS):
            if self.watch:
                self.watch.asked(method, path)
            response = self._send(method, path, body)
            text = response.read().decode(errors="replace")
            if self.watch:
                self.watch.answered()
            headers = {name.lower(): value for name, value in response.getheaders()}
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    for morsel in SimpleCookie(value).values():
                        self.cookies[morsel.key] = morsel.value
            if response.status not in {301, 302, 303}:
                return Answer(response.status, path, text, headers)
            target = urlsplit(urljoin(path, headers["location"]))
            path, method, body = target.path + (f"?{target.query}" if target.query else ""), "GET", None
        raise RuntimeError(f"too many redirects at {path}")

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self.open("GET", path)

    def submit(self, page: Answer, changes: dict[str, str], *, having: str = "csrfmiddlewaretoken") -> Answer:
        """Send the last form of a page that has the field `having`, with some fields filled in."""
        forms = [form for form in forms_of(page.body) if having in form]
        if not forms:
            raise RuntimeError(f"no form with {having} at {page.path} ({page.status})")
        form = forms[-1]
        if form["@method"] == "get":
            return self.get(form["@action"])
        return self.open("POST", urljoin(page.path, form["@action"]) or page.path, form | changes)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
