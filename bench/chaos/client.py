"""One client process of the fault run: `python -m bench.chaos.client`, which reads what it is as JSON from its input.

Every request goes into its book of answers, every act on a slot into its history (see `bench.chaos.linear`).
"""

import json
import math
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, for people who are played
from typing import Any

from bench.chaos.roamer import Book, LostAnswerError, NobodyThereError, Roamer
from bench.visitor import Answer

HOLD_SECONDS = 300.0
POST, CONTESTED = "dz-alg", "contested"
_SLOT = re.compile(r'name="slot" value="(\d+)"')
_LOST = (LostAnswerError, NobodyThereError, LookupError)


@dataclass
class Task:
    """What this client is and where."""

    kind: str  # holder, walker or looker
    name: str
    folder: str
    ports: list[int]
    public: int
    until: float  # monotonic; a limit, the file `enough` in the folder comes before it
    seed: int
    people: list[dict[str, Any]]  # session, draft, address, number
    slots: list[str]
    cookies: list[str]  # names of the session's and the form token's

    def over(self) -> bool:
        """Whether it is time to go."""
        return time.monotonic() > self.until or (Path(self.folder) / "enough").exists()


class Holder:
    """People at the calendar of few slots: they take, pay, give back, and look."""

    def __init__(self, task: Task) -> None:
        """Open its books."""
        self.task, self.dice = task, Random(task.seed)  # noqa: S311 - seeded
        folder = Path(task.folder)
        self.history = Book(folder / f"{task.name}.history")
        self.answers = Book(folder / f"{task.name}.answers")

    def note(self, kind: str, slot: str, who: str, began: float, outcome: str = "ok", end: float | None = None) -> None:
        """One operation; an unknown one never ends."""
        end = math.inf if outcome == "unknown" else time.monotonic() if end is None else end
        self.history.write(kind=kind, slot=slot, who=who, begin=began, end=end, outcome=outcome)

    def run(self) -> None:
        """One person after the other, until time is up."""
        for person in self.task.people:
            if self.task.over():
                return
            browser = Roamer(
                self.task.ports, self.task.public, self.answers, person["address"],
                {self.task.cookies[0]: person["session"], self.task.cookies[1]: "c" * 32},
                turn=self.dice.randrange(2),
            )  # fmt: skip
            try:
                self._one(browser, person)
            except _LOST:
                time.sleep(0.3)
            time.sleep(self.dice.random() * 0.6)

    def _one(self, browser: Roamer, person: dict[str, Any]) -> None:
        who, calendar = person["draft"], f"/apply/{person['draft']}/slots/"
        open_slots: list[str] = []
        while not open_slots:
            if self.task.over():
                return
            open_slots = self._look(browser, calendar)
            if not open_slots:
                time.sleep(0.7)
        slot = self.dice.choice(open_slots[:2])
        page = self._take(browser, calendar, slot, who)
        if page is None:
            return
        self._see(browser, page, slot, who)
        lot = self.dice.random()
        if lot < 0.5:
            self._pay(browser, page, slot, who)
        if lot > 0.3:
            self._give_back(browser, page, slot, who, f"person{person['number']}")

    def _look(self, browser: Roamer, calendar: str) -> list[str]:
        began = time.monotonic()
        answer = browser.get(calendar)
        if answer.status != 200 or answer.path != calendar:
            raise LookupError(answer.status)
        end = time.monotonic()
        listed = _SLOT.findall(answer.body)
        for slot in self.task.slots:
            self.note("see_open" if slot in listed else "see_closed", slot, "", began, end=end)
        return [slot for slot in listed if slot in self.task.slots]

    def _take(self, browser: Roamer, calendar: str, slot: str, who: str) -> str | None:
        """Hold it; the address of the booking's page where it was held, as far as is known."""
        began = time.monotonic()
        try:
            token = {"csrfmiddlewaretoken": "c" * 32, "slot": slot}
            answer = browser.send("POST", calendar, token)
        except NobodyThereError:
            return None
        except LostAnswerError:
            self.note("take", slot, who, began, "unknown")
            return self._what_became(browser, calendar, slot, who)
        goes_to = answer.headers.get("location", "")
        if answer.status == 302 and goes_to.startswith("/my/"):
            self.note("take", slot, who, began)
            return goes_to
        if answer.status == 409 and f'href="{calendar}"' in answer.body:
            self.note("take", slot, who, began, "refused")
        elif answer.status >= 500:
            self.note("take", slot, who, began, "unknown")
            return self._what_became(browser, calendar, slot, who)
        return None

    def _what_became(self, browser: Roamer, calendar: str, slot: str, who: str) -> str | None:
        """After a lost answer people look again: their application leads to the booking, if there is one."""
        for _ in range(6):
            time.sleep(1.0)
            began = time.monotonic()
            try:
                answer = browser.send("GET", calendar)
            except _LOST:
                continue
            goes_to = answer.headers.get("location", "")
            if answer.status == 302 and goes_to.startswith("/my/"):
                return goes_to
            if answer.status == 200:
                self.note("see_over", slot, who, began)
                return None
        return None

    def _see(self, browser: Roamer, page: str, slot: str, who: str) -> Answer | None:
        began = time.monotonic()
        answer = browser.get(page)
        if answer.status != 200 or answer.path != page:
            return None
        if f"{page}cancel/" in answer.body:
            self.note("see_own", slot, who, began)
        elif 'class="button second" href="/my/"' in answer.body:  # a node with a wrong clock may only think it is over
            self.note("see_over", slot, who, began)
        return answer

    def _pay(self, browser: Roamer, page: str, slot: str, who: str) -> None:
        at_bank = browser.submit(browser.get(page), {"how": "card"}, having="@button how")
        act = self.dice.choice(["pay", "pay", "twice", "repeat", "bank"])
        began = time.monotonic()
        if act == "bank":  # the bank plays it, badly: it may send the money back by itself, which ends the booking
            self.note("lapse", slot, who, began, "unknown")
        else:
            browser.submit(at_bank, {"act": act}, having="@button act")
        for _ in range(8):
            time.sleep(0.5)
            answer = self._see(browser, page, slot, who)
            if answer is not None and (".pdf" in answer.body or f"{page}cancel/" not in answer.body):
                return

    def _give_back(self, browser: Roamer, page: str, slot: str, who: str, local_part: str) -> None:
        form = browser.get(f"{page}cancel/")
        sent = browser.submit(form, {})
        code = _code(Path(self.task.folder) / "mail" / local_part / "mailbox", 8.0)
        if code is None:
            return
        began = time.monotonic()
        try:
            answer = browser.press(sent, {"code": code}, having="code")
        except NobodyThereError:
            return
        except LostAnswerError:
            self.note("leave", slot, who, began, "unknown")
            return
        if answer.status == 302:
            self.note("leave", slot, who, began)
            self._see(browser, page, slot, who)
        elif answer.status >= 500:
            self.note("leave", slot, who, began, "unknown")


def _code(box: Path, seconds: float) -> str | None:
    """The code of the newest letter that has one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for letter in sorted(box.glob("*.eml"), reverse=True):
            found = re.search(r"(?m)^Subject:.*?\b(\d{6})\b", letter.read_text(errors="replace"))
            if found:
                return found[1]
        time.sleep(0.1)
    return None


def walk(task: Task, *, whole: int = 0) -> None:
    """Whole bookings from the first page on, each by somebody else; one that breaks off is begun anew.

    Every request goes to the other node. `whole`: after so many it is enough.
    """
    import django

    django.setup()
    from django.db import Error, connections

    from bench import journey
    from bench.people import network

    journey.PATIENCE_SECONDS = 10
    folder = Path(task.folder)
    answers, ends = Book(folder / f"{task.name}.answers"), Book(folder / f"{task.name}.walks")
    number = 500_000 + task.seed * 1000
    done = 0
    while not task.over() and not (whole and done >= whole):
        number += 1
        browser = Roamer(task.ports, task.public, answers, network(number))
        began, lost = time.monotonic(), ""
        try:
            journey.walk(
                browser, folder / "mail" / f"walker{number}" / "mailbox", number, post=POST, service="passport"
            )
        except (RuntimeError, StopIteration, ZeroDivisionError, Error, *_LOST) as error:
            lost = f"{type(error).__name__} {str(error)[:120]}"
            connections.close_all()
            time.sleep(0.5)
        done += not lost
        ends.write(at=began, end=time.monotonic(), lost=lost)
        time.sleep(0.5)


def look(task: Task) -> None:
    """Somebody who looks at open times four times a second: what is measured as an outage of reading."""
    answers = Book(Path(task.folder) / f"{task.name}.answers")
    browser = Roamer(task.ports, task.public, answers, "198.19.255.1")
    while not task.over():
        try:
            browser.get(f"/posts/{POST}/{CONTESTED}/slots/")
        except _LOST:
            continue
        finally:
            time.sleep(0.25)


if __name__ == "__main__":
    this = Task(**json.load(sys.stdin))
    if this.kind == "walker":
        walk(this)
    elif this.kind == "looker":
        look(this)
    else:
        Holder(this).run()
