"""Somebody who follows every link and sends every form, in every position; and what every answer has to have."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

from tests.security.fuzzing import undone

LINK = re.compile(r"<a\b[^>]*?\shref=\"([^\"]*)\"")
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
FIELD = re.compile(r"<(?:input|button)\b[^>]*>|<select\b[^>]*>.*?</select>|<textarea\b[^>]*>.*?</textarea>", re.DOTALL)
ATTRIBUTE = re.compile(r"\b(name|value|type|action|method)=\"([^\"]*)\"")
INLINE = re.compile(r"<script(?![^>]*\b(?:src|type=\"application/json\"))[^>]*>|<style\b|\sstyle=\"|\son[a-z]+=\"")
PERSONAL = re.compile(r"/(my|apply|admin|antibot/pay|antibot/sandbox|archives/(my-data|copy-request))(/|$)")
# Pages below these addresses that hold nothing of anybody.
OPEN_FILES = ("/admin/jsi18n/",)
SEEN_PER_ROUTE = 2


@dataclass
class Crawl:
    """One person's way through the site."""

    client: Client
    who: str
    secrets: tuple[str, ...]
    faults: list[str] = field(default_factory=list)
    pages: int = 0
    forms: int = 0
    routes: Counter[str] = field(default_factory=Counter)

    def run(self, starts: list[str], most: int) -> None:
        """From `starts`, at most `most` pages; of each kind of page the first few."""
        queue = deque(starts)
        known = set(starts)
        while queue and self.pages < most:
            path = queue.popleft()
            answer = self._ask("GET", path)
            if answer is None:
                continue
            for found in self._onward(path, answer):
                if found not in known:
                    known.add(found)
                    queue.append(found)

    def _ask(self, method: str, path: str, data: dict[str, Any] | None = None) -> HttpResponse | None:
        try:
            route = resolve(urlsplit(path).path).route
        except Resolver404:
            return None
        self.routes[f"{method} {route}"] += 1
        if self.routes[f"{method} {route}"] > SEEN_PER_ROUTE:
            return None
        self.pages += method == "GET"
        self.forms += method == "POST"
        with undone():
            cookies = dict(self.client.cookies)
            if method == "POST":
                answer: Any = self.client.post(path, data or {}, headers={"accept-language": "en"})
            else:
                answer = self.client.get(path, headers={"accept-language": "en"})
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        for name, morsel in answer.cookies.items():
            if morsel.value and not (morsel["httponly"] and morsel["samesite"] and morsel["secure"]):
                self._fault(path, f"cookie {name} lacks a flag")
        self.client.cookies.clear()
        self.client.cookies.update(cookies)
        self._check(method, path, answer, body.decode(errors="replace"))
        return answer  # type: ignore[no-any-return]

    def _fault(self, path: str, what: str) -> None:
        self.faults.append(f"{self.who} {path}: {what}")

    def _check(self, method: str, path: str, answer: Any, body: str) -> None:
        if answer.status_code >= 500:
            self._fault(path, f"{method} answered {answer.status_code}")
        for secret in self.secrets:
            if secret in body:
                self._fault(path, f"{method} shows {secret}")
        where = answer.get("Location", "")
        if where and not (where.startswith("/") and not where.startswith(("//", "/\\"))):
            self._fault(path, f"leads away to {where}")
        if "'unsafe" in answer.get("Content-Security-Policy", "'unsafe"):
            self._fault(path, "no strict Content-Security-Policy")
        for header, wanted in (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin")):
            if answer.get(header) != wanted:
                self._fault(path, f"{header} is {answer.get(header)}")
        personal = PERSONAL.match(path) and not path.startswith(OPEN_FILES) and not where
        if personal and "no-store" not in answer.get("Cache-Control", ""):
            self._fault(path, f"{method} may be kept: {answer.get('Cache-Control')}")
        if answer.get("Content-Type", "").startswith("text/html"):
            self._check_page(path, answer, body)

    def _check_page(self, path: str, answer: Any, body: str) -> None:
        policy = answer.get("Content-Security-Policy", "")
        if "frame-ancestors 'none'" not in policy or answer.get("X-Frame-Options") != "DENY":
            self._fault(path, "may be framed")
        if inline := INLINE.search(body):
            self._fault(path, f"inline {inline[0]!r}")
        for head, inside in FORM.findall(body):
            if 'method="post"' in head.lower() and "csrfmiddlewaretoken" not in inside:
                self._fault(path, f"a form without a token: {head}")

    def _onward(self, path: str, answer: Any) -> Iterator[str]:
        if answer.get("Location"):
            yield urldefrag(urljoin(path, answer["Location"]))[0]
        if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
            return
        body = answer.content.decode(errors="replace")
        for head, inside in FORM.findall(body):
            about = dict(ATTRIBUTE.findall(head))
            target = urljoin(path, unescape(about.get("action", "")) or path)
            if not target.startswith("/"):
                self._fault(path, f"a form that leads away: {target}")
            data = dict(_filled(inside))
            if about.get("method", "get").lower() == "post":
                self._ask("POST", target, data)
            else:
                self._ask("GET", target.partition("?")[0], data)
        for found in LINK.findall(body):
            target = urldefrag(urljoin(path, unescape(found)))[0]
            if target.startswith("/") and not target.startswith("/admin/logout"):
                yield target


def _filled(inside: str) -> Iterator[tuple[str, str]]:
    """The fields as somebody sends them who changes nothing."""
    for tag in FIELD.findall(inside):
        about = dict(ATTRIBUTE.findall(tag))
        if about.get("type") not in {"checkbox", "radio", "file"} and "name" in about:
            chosen = re.search(r"<option value=\"([^\"]*)\"[^>]*selected", tag)
            yield about["name"], unescape(chosen[1] if chosen else about.get("value", "x"))
