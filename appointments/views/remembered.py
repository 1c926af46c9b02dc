"""Pages that are the same for everybody, rendered once a second however many people look at them.

A crowd of pollers would otherwise be a crowd at the database: with this memory each process asks it once a second for
a service, and answers everybody else from its own memory. What a second can hide is decided again by the transaction
that takes a slot, so nobody gets what is gone. Nothing about a person may stand in such a page: it is rendered without
the request, so that no session, message or token can find its way into it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

# Pages together are bounded by number: a page of many open times has some ten kilobytes.
MOST_PAGES = 256


_SHARED = "_shared_until"


def shared_until(response: object) -> float | None:
    """Until when (`time.monotonic()`) this answer is right for everybody who asks alike; None: for nobody else."""
    until = getattr(response, _SHARED, None)
    return until if isinstance(until, float) else None


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page: its bytes, its type, its quoted entity tag."""

    body: bytes
    content_type: str
    etag: str

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The page, or 304 where the browser has it (RFC 9110, section 13.1.2)."""
        if "HTTP_IF_NONE_MATCH" in request.META:
            unchanged = get_conditional_response(request, etag=self.etag)
            if unchanged is not None:
                unchanged.headers["ETag"] = self.etag  # a 304 names what it is about (RFC 9110, section 15.4.5)
                return unchanged
        response = HttpResponse(self.body, content_type=self.content_type)
        response.headers["ETag"] = self.etag
        return response


class PageMemory:
    """Pages by key, each for `settings.PAGE_MEMORY_SECONDS`."""

    def __init__(self) -> None:
        """Nothing is remembered yet."""
        self._pages: dict[Hashable, tuple[float, Page]] = {}
        self._making: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def answer(self, request: HttpRequest, key: Hashable, make: Callable[[], Page]) -> HttpResponse:
        """The answer with the page of `key`; it says how long it may be given to others."""
        response = self.page(key, make).answer(request)
        kept = self._pages.get(key)
        if kept is not None:
            setattr(response, _SHARED, kept[0])
        return response

    def page(self, key: Hashable, make: Callable[[], Page]) -> Page:
        """The page of `key`, made by `make` where none is remembered; what `make` raises is not remembered.

        Threads that ask for the same page at the same moment wait for one of them instead of all making it.
        """
        if not settings.PAGE_MEMORY_SECONDS:
            return make()
        found = self._fresh(key)
        if found is not None:
            return found
        with self._guard:
            lock = self._making.setdefault(key, threading.Lock())
        with lock:
            found = self._fresh(key)
            if found is None:
                try:
                    found = make()
                except Exception:
                    with self._guard:  # addresses that lead nowhere are endless, and must leave nothing here
                        self._making.pop(key, None)
                    raise
                self._keep(key, found)
        return found

    def forget(self) -> None:
        """Remember nothing."""
        with self._guard:
            self._pages.clear()
            self._making.clear()

    def _fresh(self, key: Hashable) -> Page | None:
        kept = self._pages.get(key)
        return kept[1] if kept is not None and time.monotonic() < kept[0] else None

    def _keep(self, key: Hashable, page: Page) -> None:
        now = time.monotonic()
        with self._guard:
            if len(self._pages) >= MOST_PAGES or len(self._making) >= 2 * MOST_PAGES:
                self._pages = {other: kept for other, kept in self._pages.items() if now < kept[0]}
                self._making = {other: self._making[other] for other in self._pages if other in self._making}
            if len(self._pages) < MOST_PAGES:
                self._pages[key] = (now + settings.PAGE_MEMORY_SECONDS, page)


pages = PageMemory()
