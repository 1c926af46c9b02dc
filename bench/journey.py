"""One whole booking as a browser makes it: every page, the challenge, the code of the letter, the payment."""

import re
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Protocol

from captcha.models import CaptchaStore

from bench.people import network
from bench.server import Server
from bench.visitor import Answer, Visitor, Watch, forms_of

PATIENCE_SECONDS = 30


class Walks(Protocol):
    """What a browser has to offer for the walk."""

    def get(self, path: str) -> Answer:
        """Open a page."""

    def submit(self, page: Answer, changes: dict[str, str], *, having: str = "csrfmiddlewaretoken") -> Answer:
        """Send a form of the page."""


class LostError(RuntimeError):
    """The journey ended at a page where it should not."""

    def __init__(self, where: str, page: Answer) -> None:
        """`where` was expected after `page`."""
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.body))
        super().__init__(f"{where}: {page.status} {page.path}: {text[:800]}")


def _code(mailbox: Path, address: str, wait: Callable[[float], None]) -> str:
    deadline, since = time.monotonic() + PATIENCE_SECONDS, time.time() - 10
    while time.monotonic() < deadline:
        for path in (file for file in mailbox.glob("*") if file.stat().st_mtime > since):
            for raw in re.split(rb"\n-{70,}\n", path.read_bytes()):
                letter = message_from_bytes(raw.strip(), policy=policy.default)
                if address in str(letter["To"]):
                    body = letter.get_body(("plain",))
                    found = re.search(r"\b(\d{6})\b", body.get_content() if body else "")
                    if found:
                        return found[1]
        wait(0.05)
    raise RuntimeError(f"no code came within {PATIENCE_SECONDS} s")


def _at(page: Answer, ending: str) -> Answer:
    if page.status != 200 or not page.path.partition("?")[0].endswith(ending):
        raise LostError(ending, page)
    return page


def book(
    site: Server, number: int, *, post: str = "dz-alg", service: str = "passport", watch: Watch | None = None
) -> int:
    """Book, pay and see the confirmation as person `number`; returns how many requests it took. Raises LostError."""
    visitor = Visitor("localhost", site.port, address=network(number), watch=watch)
    walk(visitor, site.folder / "mailbox", number, post=post, service=service)
    visitor.close()
    return visitor.requests


def walk(
    visitor: Walks,
    mailbox: Path,
    number: int,
    *,
    post: str,
    service: str,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """The same in somebody's browser; letters to the person come to `mailbox`. Raises LostError.

    `wait` is called with seconds where a letter or the bank's message is not there yet.
    """
    address = f"walker{number}@example.org"
    page = visitor.submit(visitor.get(f"/posts/{post}/{service}/"), {})
    key = next(form["captcha_key"] for form in forms_of(_at(page, "/contact/").body) if "captcha_key" in form)
    visitor.get(f"/antibot/captcha/{key}/image")
    answer = CaptchaStore.objects.get(hashkey=key).response
    page = _at(visitor.submit(page, {"contact": address, "captcha_answer": answer}), "/code/")
    page = visitor.submit(page, {"code": _code(mailbox, address, wait)}, having="code")
    page = _person(visitor, page, number)
    page = visitor.submit(_at(page, "/check/"), {}, having="@action")
    slots = re.findall(r'name="slot" value="(\d+)"', _at(page, "/slots/").body)
    page = visitor.submit(page, {"slot": slots[number % len(slots)]}, having="csrfmiddlewaretoken")
    page = visitor.submit(page, {"how": "card"}, having="@button how")
    page = visitor.submit(page, {"act": "pay"}, having="@button act")
    for _ in range(40):  # the notice of the bank comes by its own way, as it does in life
        if ".pdf" in page.body:
            break
        wait(0.25)
        page = visitor.get(page.path)
    if page.status != 200 or ".pdf" not in page.body:
        raise LostError("confirmation", page)


def _person(visitor: Walks, page: Answer, number: int) -> Answer:
    """Type in one person, and go on from the list of people."""
    fields = {
        "family_name": "WALKER " + "".join(chr(65 + int(digit)) for digit in str(number)),
        "given_names": "Test",
        "birth_date_0": "1",
        "birth_date_1": "2",
        "birth_date_2": "1990",
        "nationality": "DZ",
        "passport_country": "DZ",
        "passport_number": f"WW{number:07}",
    }
    page = visitor.submit(page, fields, having="family_name")
    return visitor.submit(_at(page, "/people/"), {}, having="@action") if page.path.endswith("/people/") else page
