"""Whatever is logged while a test runs is searched for what it must not say: the whole suite is the test of the logs.

Needles are the people of the cast, the secrets of the settings, and every token that is made meanwhile. Lines are
looked at as production writes them (level INFO, after the mask).
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from antibot.domain.guessing import DIGITS
from appointments.domain.references import LENGTH, read_reference
from tests.accounts.people import PASSWORD
from tests.cast import ALICE, ALICE_MAIL, BOB, BOB_MAIL, CHARLIE, CHARLIE_MAIL

_WORD = re.compile(r"[A-Za-z0-9_-]{12,}")
_SIX_DIGITS = re.compile(r"(?<!\w)\d{6}(?!\w)")
_PASSPORT = re.compile(r"\bZZ\d{7}\b")  # of `tests.cast.person`
_MAIL = re.compile(r"[\w.+-]+@(?:[\w-]+\.)*example\.(?:org|com)")  # every address of the tests is there


def needles() -> set[str]:
    """Secrets of the settings and data of the cast, in lower case."""
    found = {
        settings.SECRET_KEY,
        settings.FIELD_KEYS.partition(":")[2],
        settings.INDEX_KEY,
        settings.OTP_PEPPER,
        PASSWORD,
    }
    found |= {ALICE_MAIL, BOB_MAIL, CHARLIE_MAIL}
    for url in (os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")):
        password = urlsplit(url).password or ""
        found.add(password if len(password) >= 12 else "")  # "postgres" stands everywhere
    for one in (ALICE, BOB, CHARLIE):
        found |= {one.family_name, one.given_names, one.passport_number, _iso(one.birth_date)}
    return {needle.lower() for needle in found if len(needle) > 5}


def _iso(day: date) -> str:
    return day.isoformat()


class LogWatch(logging.Handler):
    """Listens to everything; `leaks` tells what was said that should not be."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.needles = needles()
        self.made: set[str] = set()  # tokens, session keys and codes of this process
        self.leaks: list[str] = []
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        again = logging.makeLogRecord(record.__dict__)
        again.__dict__.pop("message", None)  # of the formatting before this one
        line = next((one for one in logging.getLogger().handlers if _is_ours(one)), self).format(again)
        self.lines += 1
        self.leaks += [f"{leak} in {line[:500]!r}" for leak in self.found_in(line)]

    def found_in(self, text: str) -> Iterator[str]:
        """What `text` gives away."""
        lower = text.lower()
        yield from (needle for needle in self.needles if needle in lower)
        for shape in (_PASSPORT, _MAIL):
            yield from (match[0] for match in shape.finditer(text))
        yield from (f"the code {match[0]}" for match in _SIX_DIGITS.finditer(text) if match[0] in self.made)
        for word in _WORD.findall(text):
            if word in self.made:
                yield f"a token ({word[:6]}…)"
            elif len(word) == LENGTH and word.isupper() and not word.isalpha() and read_reference(word):
                yield f"a reference ({word})"

    def listen(self) -> None:
        """Be among the handlers of the root logger, also after a test has configured logging anew."""
        root = logging.getLogger()
        if self not in root.handlers:
            root.addHandler(self)
            for handler in root.handlers:
                if _is_ours(handler):
                    handler.setLevel(max(root.level, logging.WARNING))
            root.setLevel(logging.INFO)

    def remember_tokens(self) -> None:
        """From now on every token and session key that is made is a needle. Request ids are another function's."""
        secrets.token_urlsafe = self._remembering(secrets.token_urlsafe)
        below = secrets.randbelow

        def randbelow(limit: int) -> int:
            number = below(limit)
            if limit == 10**DIGITS:
                self.made.add(f"{number:0{DIGITS}}")
            return number

        secrets.randbelow = randbelow
        SessionBase._get_new_session_key = self._remembering(SessionBase._get_new_session_key)  # type: ignore[attr-defined]

    def _remembering(self, make: Callable[..., str]) -> Callable[..., str]:
        def made(*arguments: Any, **options: Any) -> str:
            token = make(*arguments, **options)
            self.made.add(token)
            return token

        return made


def _is_ours(handler: logging.Handler) -> bool:
    return type(handler) is logging.StreamHandler


WATCH = LogWatch()
