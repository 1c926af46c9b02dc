"""Requests that nobody's browser sends, to every address there is; and what must not come of them.

Each input is made from (seed, number) alone and undone afterwards, so that a finding can be repeated by its number.
"""

from __future__ import annotations

import logging
import random  # noqa: TID251 - seeded: an input is made again by its number
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote

from django.core.cache import cache
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.http import urlencode

from tests.security import hostile
from tests.security.findings import Report
from tests.security.parsers import PARSERS
from tests.security.world import World
from visa_booking.health import BEAT_KEY, WORKER_KEY

SLOW_SECONDS = 1.0
PARSED_SHARE = 0.1
PUBLIC_WEIGHT = 40  # inputs for an address that anybody reaches, for one of an address of staff
_FIELD = re.compile(r"<(?:input|select|textarea|button)\b[^>]*?\bname=\"([^\"]+)\"[^>]*?>")
_VALUE = re.compile(r"\bvalue=\"([^\"]*)\"")
_ARGUMENT = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")


@dataclass(frozen=True)
class Target:
    """One address pattern, as Django has it."""

    route: str
    staff: bool

    def path(self, known: dict[str, list[Any]], chance: random.Random | None = None) -> str:
        """An address of this pattern: arguments that exist, or with `chance` now and then anything else."""

        def filled(match: re.Match[str]) -> str:
            values = known.get(match["name"])
            assert values, f"{self.route}: teach `make_world` what {match['name']!r} is"
            if chance is None or chance.random() < 0.8:
                return str((chance or random.Random(0)).choice(values))
            text = hostile.text(chance).encode("utf-8", "surrogatepass")
            return quote(text[:2000], safe=chance.choice(("", "/")))

        return "/" + _ARGUMENT.sub(filled, self.route)


def targets() -> list[Target]:
    """Every address of the site, walked, so that a new one cannot be forgotten."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield route

    found = sorted(set(walk(get_resolver().url_patterns, "")))
    # Django writes two catch-alls of the admin as regular expressions.
    plain = [re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("\\", "") for route in found]
    return [Target(route, route.startswith("admin/")) for route in plain]


class _Listener(logging.Handler):
    """Everything that is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()[:200]
        if record.exc_info and record.exc_info[0] is not None:
            text = _words_of(*record.exc_info)
        self.heard.append(text)


class Fuzzer:
    """Makes inputs and watches what comes of them."""

    def __init__(self, world: World, seed: int) -> None:
        """`world` stands as it is after every input."""
        self.world, self.seed = world, seed
        self.targets = targets()
        public = [target for target in self.targets if not target.staff]
        self.weighted = public * PUBLIC_WEIGHT + [target for target in self.targets if target.staff]
        self.fields: dict[tuple[str, str], dict[str, list[str]]] = {}
        self.report = Report()
        self.parsers = [parser for parser, weight in PARSERS for _ in range(weight)]
        for client in world.clients.values():
            client.raise_request_exception = False

    def run(self, first: int, count: int, tell: Callable[[Report], None] | None = None) -> Report:
        """Inputs `first` … `first + count - 1`."""
        listener = _Listener()
        logging.getLogger().addHandler(listener)
        try:
            for number in range(first, first + count):
                if number % 200 == first % 200:
                    cache.clear()  # limits of this run are not what is looked at here
                    for sign_of_life in (BEAT_KEY, WORKER_KEY):
                        cache.set(sign_of_life, time.time(), None)
                self.one(number, listener)
                if tell is not None and (number + 1) % 1000 == 0:
                    tell(self.report)
        finally:
            logging.getLogger().removeHandler(listener)
        return self.report

    def one(self, number: int, listener: _Listener) -> None:
        """One input, undone afterwards: one in ten goes straight to a parser."""
        chance = random.Random(f"{self.seed}:{number}")
        if chance.random() < PARSED_SHARE:
            self._parse(number, chance, listener)
            return
        target = chance.choice(self.weighted)
        names = [name for name in self.world.clients if (name in STAFF_NAMES) == target.staff or chance.random() < 0.1]
        name = chance.choice(names)
        client = self.world.clients[name]
        path, method = target.path(self.world.known, chance), chance.choice(hostile.METHODS)
        cookies = dict(client.cookies)
        before = len(listener.heard)
        started = time.process_time()
        with undone():
            status = self._send(client, name, target, method, path, chance)
        took = time.process_time() - started
        client.cookies.clear()
        client.cookies.update(cookies)
        self._judge(number, method, path, target, status, took, listener.heard[before:])

    def _parse(self, number: int, chance: random.Random, listener: _Listener) -> None:
        parser = chance.choice(self.parsers)
        before, started = len(listener.heard), time.process_time()
        status = 200
        with undone():
            try:
                parser(self.world, chance)
            except Exception as error:  # noqa: BLE001  (whatever comes out is what we look for)
                status = 500
                listener.heard.append(_words_of(type(error), error, error.__traceback__))
        took = time.process_time() - started
        name = f"({parser.__name__})"
        self._judge(number, "parse", name, Target(name, staff=False), status, took, listener.heard[before:])

    def _judge(
        self, number: int, method: str, path: str, target: Target, status: int, took: float, heard: list[str]
    ) -> None:
        if target.route == "readyz" and status == 503:
            heard = []  # it says so by design where no worker lives, and none does here
            status = 200
        report = self.report
        report.inputs += 1
        report.statuses[status] += 1
        report.routes[target.route] += 1
        if took > report.slowest:
            report.slowest, report.slowest_path = took, path[:120]
        if status >= 500 and not heard:
            report.add(number, method, path, f"{target.route} answered {status}")
        for text in heard:
            report.add(number, method, path, f"{target.route}: {text}")
        if took > SLOW_SECONDS:
            report.add(number, method, path, f"{target.route} took more than {SLOW_SECONDS} s")

    def _send(self, client: Client, who: str, target: Target, method: str, path: str, chance: random.Random) -> int:
        extra: dict[str, Any] = {"REMOTE_ADDR": hostile.address(chance)}
        headers = {}
        if chance.random() < 0.25:
            headers = {
                chance.choice(hostile.HEADERS): _as_servers_give(
                    chance.choice((*hostile.HEADER_TEXTS, hostile.text(chance)))
                )
                for _ in range(chance.randrange(1, 4))
            }
        known = self._fields(client, who, target)
        if chance.random() < 0.3:
            query = {chance.choice([*known, "next", "q", "page", "o", "e"]): hostile.text(chance) for _ in range(2)}
            path += "?" + urlencode({k: v.encode("utf-8", "surrogatepass") for k, v in query.items()})
        if method != "POST":
            return int(client.generic(method, path, headers=headers, **extra).status_code)
        data, kind = self._body(known, chance)
        if isinstance(data, bytes):
            return int(client.generic("POST", path, data, kind, headers=headers, **extra).status_code)
        return int(client.post(path, data, headers=headers, **extra).status_code)

    def _fields(self, client: Client, who: str, target: Target) -> dict[str, list[str]]:
        """The names and values of the fields of a page, as somebody in this position sees them; asked once."""
        key = (who, target.route)
        if key not in self.fields:
            self.fields[key] = {}
            answer = client.get(target.path(self.world.known), headers={"accept-language": "en"})
            kind = answer.get("Content-Type", "")
            if answer.status_code == 200 and kind.startswith("text/html") and not answer.streaming:
                for match in _FIELD.finditer(answer.content.decode()):
                    value = _VALUE.search(match[0])
                    self.fields[key].setdefault(match[1], []).append(value[1] if value else "")
        return self.fields[key]

    def _body(self, known: dict[str, list[str]], chance: random.Random) -> tuple[dict[str, Any] | bytes, str]:
        kind = chance.random()
        if kind < 0.1:
            return hostile.body(chance), chance.choice(hostile.CONTENT_TYPES)
        if kind < 0.15:
            return chance.choice(hostile.MULTIPART), "multipart/form-data; boundary=x"
        data: dict[str, Any] = {}
        for name, values in known.items():
            what = chance.random()
            if what < 0.55:
                data[name] = chance.choice(values)
            elif what < 0.9:
                data[name] = hostile.text(chance)
            elif what < 0.95:
                data[name] = [hostile.text(chance) for _ in range(3)]
        for _ in range(chance.randrange(3)):
            data[chance.choice([*EXTRA_NAMES, *known, "x"])] = hostile.text(chance)
        if chance.random() < 0.1:
            data[chance.choice([*known, "document", "file"])] = _upload(chance)
        if chance.random() < 0.5 and not any(isinstance(one, (list, SimpleUploadedFile)) for one in data.values()):
            plain = {name: str(value).encode("utf-8", "surrogatepass") for name, value in data.items()}
            return urlencode(plain).encode(), "application/x-www-form-urlencoded"
        return {name: _encodable(value) for name, value in data.items()}, ""


def _as_servers_give(text: str) -> str:
    """A header reaches Django as Latin-1 of its bytes, and no server lets line ends or NUL through."""
    return re.sub(r"[\r\n\x00]", "", text.encode("utf-8", "surrogatepass").decode("latin-1"))


def _upload(chance: random.Random) -> SimpleUploadedFile:
    name = hostile.text(chance)[:80].encode("utf-8", "replace").decode()
    try:
        return SimpleUploadedFile(name, chance.choice(hostile.FILES))
    except SuspiciousFileOperation:  # Django's own file object would not have such a name; bodies by hand do
        return SimpleUploadedFile("a.csv", chance.choice(hostile.FILES))


def _encodable(value: Any) -> Any:
    """The test client writes UTF-8; half signs are sent by the other way."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_encodable(one) for one in value] if isinstance(value, list) else value


def _words_of(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> str:
    """What was raised, and the last line of ours on the way there: the same fault, the same words."""
    last = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "site-packages" not in file:
            last = f"{'/'.join(file.rsplit('/', 3)[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{kind.__name__} at {last}: {re.sub(r'[0-9]+', '9', str(error))[:100]!r}"


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is taken back in both databases."""
    with transaction.atomic(), transaction.atomic("vault_keys"):
        yield
        for alias in ("default", "vault_keys"):
            transaction.set_rollback(True, using=alias)


STAFF_NAMES = frozenset({"agent", "officer", "head", "centre", "auditor"})
EXTRA_NAMES = (
    "captcha_key", "captcha_answer", "altcha", "contact", "code", "act", "voucher", "slot", "document", "file",
    "purpose", "scope", "send", "fetch", "again", "captcha_refresh", "next", "_save", "action", "_selected_action",
    "is_superuser", "state", "price", "amount_cents", "reference", "id", "csrfmiddlewaretoken",
)  # fmt: skip
