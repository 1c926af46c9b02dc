"""How people go about it: in their own time, with mistakes, by phone, and with other things to do."""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field

from appointments.models import Booking
from lab.agenda import Life, Signal
from lab.browser import Browser, HeldBackError, LostError
from lab.crowd import DAY, Member
from lab.ledger import Account, PageCosts
from lab.office import Office

Steps = Generator["float | Signal", None, "str | None"]
"""A part of a life that ends with the reference of a request, or None."""
PATIENCE = 4  # mistakes of one kind in a row before somebody tries again at the next look


@dataclass
class Fate:
    """What became of one person."""

    member: Member
    entered: float | None = None
    reference: str = ""
    booked: float | None = None
    confirmed: float | None = None
    blocked: bool = False
    held_back: bool = False
    refused: str = ""
    tries: int = 0


@dataclass
class Crowd:
    """Everybody, with one common account."""

    office: Office
    costs: PageCosts
    account: Account
    first_come: bool
    days: tuple[str, str]  # first and last day that people accept
    mistakes: float  # of codes
    seed: str
    fates: list[Fate] = field(default_factory=list)

    def add(self, member: Member) -> None:
        """Put somebody's life on the agenda."""
        fate = Fate(member)
        self.fates.append(fate)
        one = Applicant(self, fate, random.Random(f"{self.seed}|{member.number}"))
        life = one.race() if self.first_come else one.stand()
        self.office.agenda.start(life, member.arrives)


class Applicant:
    """One person at one browser."""

    def __init__(self, crowd: Crowd, fate: Fate, chance: random.Random) -> None:
        """`chance` decides what happens by chance in this life."""
        self.crowd, self.fate, self.chance, self.member = crowd, fate, chance, fate.member
        self.office, self.clock = crowd.office, crowd.office.clock
        self.browser = Browser(self.clock, crowd.account, self.member.address, self.office.world.path)
        self.warm_until = -1.0

    def looked(self, pages: int, *, pictures: int = 0, letters: int = 0) -> None:
        """Count pages that change nothing, without sending them."""
        account, costs = self.crowd.account, self.crowd.costs
        account.accounted += pages + pictures
        account.cpu_accounted += pages * costs.page + pictures * costs.picture + letters * costs.letter

    def stand(self) -> Life:
        """Where places are drawn: enter a request, look now and then, pay when there is something to pay."""
        reference = yield from self.patiently()
        if reference is None:
            return
        served = self.office.watch(reference)
        if self.member.withdraws_at is not None:
            self.office.agenda.start(self.withdraw_later(reference), self.member.withdraws_at)
        yield served
        self.fate.booked = self.clock.seconds
        yield self.member.next_look(self.clock.seconds) - self.clock.seconds
        yield from self.pay(reference)

    def race(self) -> Life:
        """Where the first one wins: look, and whenever something is open, hurry."""
        while self.fate.reference == "":
            self.looked(1)
            if self.office.free > 0:
                reference = yield from self.try_once()
                if reference is not None:
                    self.fate.booked = self.clock.seconds
                    yield 60 + self.chance.random() * 240
                    yield from self.pay(reference)
                    return
                if self.fate.refused or self.member.gives_up:
                    return
            look = self.member.next_look(self.clock.seconds)
            if look == float("inf"):
                return
            yield look - self.clock.seconds

    def patiently(self) -> Steps:
        """Try until a request stands; whoever is held back or fails comes again at the next look."""
        while True:
            reference = yield from self.try_once()
            if reference is not None or self.member.gives_up or self.fate.refused:
                return reference
            look = self.member.next_look(self.clock.seconds)
            if look == float("inf"):
                return None
            yield look - self.clock.seconds

    def try_once(self) -> Steps:
        """One attempt, with the waits that the application asks for."""
        self.fate.tries += 1
        try:
            return (yield from self.form())
        except HeldBackError as held:
            self.fate.blocked |= held.blocked
            self.fate.held_back |= not held.blocked
            if held.seconds < 900:
                yield held.seconds + 5 + self.chance.random() * 60
                return (yield from self.second_try())
        except LostError as lost:
            if lost.refused:
                self.fate.refused = str(lost)
        return None

    def second_try(self) -> Steps:
        """After a short wait; whoever is held back again leaves it for now."""
        try:
            return (yield from self.form())
        except HeldBackError as held:
            self.fate.blocked |= held.blocked
            self.fate.held_back = True
        except LostError as lost:
            if lost.refused:
                self.fate.refused = str(lost)
        return None

    def form(self) -> Steps:
        """Every page of the application, at the speed of somebody who types."""
        browser = self.browser
        self.looked(2)
        if not browser.draft:
            browser.begin()
        yield 30 + self.chance.random() * 40
        if self.clock.seconds >= browser.proved_until and not (yield from self.prove()):
            return None
        if self.member.gives_up:
            return None
        if self.warm_until < 0:
            for number, person in enumerate(self.member.people, start=1):
                yield 60 + self.chance.random() * 120
                self.looked(1)
                browser.enter(person, number)
            self.warm_until = self.clock.seconds + DAY
        self.looked(2)
        yield 15 + self.chance.random() * 30
        return self.choose() if self.crowd.first_come else self.ask()

    def ask(self) -> str:
        """Wishes, and off it goes."""
        self.browser.wish(*self.crowd.days)
        self.fate.reference = self.browser.send()
        self.fate.entered = self.clock.seconds
        self.looked(1)
        return self.fate.reference

    def choose(self) -> str | None:
        """A time that is still open, if there is one."""
        times = self.browser.open_times()
        if not times:
            return None
        reference = self.browser.hold(self.chance.choice(times))
        if reference is None:
            return None
        self.office.taken(len(self.member.people))
        self.fate.reference, self.fate.entered = reference, self.clock.seconds
        booking = Booking.objects.only("hold_until").get(request__reference=reference)
        self.office.expire_at(booking.hold_until)
        return reference

    def prove(self) -> Generator[float | Signal, None, bool]:
        """Picture and code, with slips."""
        self.looked(1, pictures=1, letters=1)
        for _ in range(PATIENCE):
            if self.browser.ask_code(self.member.mail, right=self.chance.random() >= self.member.captcha_mistake):
                break
            self.looked(0, pictures=1)
            yield 10 + self.chance.random() * 20
        else:
            return False
        for _ in range(PATIENCE):
            yield 20 + self.chance.random() * 60
            if self.browser.give_code(self.member.mail, right=self.chance.random() >= self.crowd.mistakes):
                return True
        return False

    def pay(self, reference: str) -> Life:
        """Sign in if need be, and pay, at this look or at the next ones."""
        while self.member.pays:
            try:
                if self.browser.sign_in(self.member.mail, right=self.chance.random() >= self.member.captcha_mistake):
                    self.looked(2)
                    yield 60 + self.chance.random() * 240
                    if self.browser.pay(reference):
                        self.fate.confirmed = self.clock.seconds
                    return
                yield 15 + self.chance.random() * 15
            except HeldBackError as held:
                self.fate.blocked |= held.blocked
                self.fate.held_back |= not held.blocked
                yield held.seconds + 30.0
            except LostError:
                return

    def withdraw_later(self, reference: str) -> Life:
        """Somebody who needs it no more says so, where the request still stands."""
        if self.fate.booked is None:
            try:
                if self.browser.sign_in(self.member.mail):
                    self.browser.withdraw(reference)
            except (HeldBackError, LostError):
                return
        yield from ()
