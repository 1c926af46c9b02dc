"""What every attacker has: addresses, mailboxes, a solver, customers, and patience of a machine."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, field

from appointments.domain.people import PersonData
from appointments.models import Booking
from lab.agenda import Life, Signal
from lab.browser import Browser, HeldBackError, LostError
from lab.crowd import passport
from lab.ledger import Account, PageCosts
from lab.office import Office
from lab.scenario import SOLVERS, AttackerNumbers

Steps = Generator["float | Signal", None, "str | None"]
TRIES = 30  # pictures tried for one form before a machine gives up
KEPT_WARM_SECONDS = 1740.0  # a proved address is good for half an hour: scripts renew it a minute before


@dataclass
class Target:
    """Somebody an attacker applies for: a customer with a passport, or nobody at all."""

    person: PersonData
    mail: str
    arrives: float
    invented: bool
    reference: str = ""
    booked: float | None = None
    paid: bool = False
    given_back: bool = False
    sold_to: int | None = None  # index of the customer a booking under an invented name was sold to
    refused: str = ""


@dataclass(frozen=True)
class Setting:
    """What is the same for all attackers of a run."""

    office: Office
    costs: PageCosts
    days: tuple[str, str]
    length: float  # seconds of the run
    first_come: bool
    seed: str
    reopens: bool = False


def address_of(numbers: AttackerNumbers, order: int, index: int) -> str:
    """An address of the attacker `order`: whole ranges of a hosting provider, or lines at homes far apart."""
    one = index % max(1, numbers.addresses)
    if numbers.ipv6 and one % 2:
        return f"2a0d:{order:x}:{0 if numbers.hosting else one:x}:{one:x}::1"
    if numbers.hosting:
        return f"185.{order + 10}.{one // 250 % 256}.{one % 250 + 1}"
    return f"197.{200 + order % 50}.{one * 7 % 256}.{one // 36 % 250 + 1}"


@dataclass
class Attacker(ABC):
    """One attacker; a strategy adds `lives`."""

    numbers: AttackerNumbers
    setting: Setting
    order: int
    arrivals: list[float]
    account: Account = field(init=False)
    targets: list[Target] = field(init=False)
    browsers: dict[str, Browser] = field(init=False, default_factory=dict)  # by mailbox

    def __post_init__(self) -> None:
        """Draw up customers, invented people and the books."""
        numbers = self.numbers
        self.chance = random.Random(f"{self.setting.seed}|{numbers.name}")
        self.office, self.clock = self.setting.office, self.setting.office.clock
        self.account = Account(numbers.name, hosting=numbers.hosting)
        days = self.setting.length / 86400
        self.account.address_days = numbers.addresses * days
        self.solver = SOLVERS[numbers.solver]
        kind = chr(65 + self.order % 26)
        self.targets = [
            Target(passport(f"C{kind}", index), self.mailbox(index), self.arrivals[index], invented=False)
            for index in range(numbers.clients)
        ]
        self.targets += [
            Target(
                passport(f"X{kind}", index),
                self.mailbox(numbers.clients + index),
                self.invented_arrives(index),
                invented=True,
            )
            for index in range(numbers.invented)
        ]
        self.account.counts["invented"] = numbers.invented
        self.account.counts["mailboxes"] = min(numbers.mailboxes, len(self.targets))

    @property
    def clients(self) -> list[Target]:
        """Customers."""
        return [target for target in self.targets if not target.invented]

    @property
    def invented(self) -> list[Target]:
        """People who do not exist."""
        return [target for target in self.targets if target.invented]

    def invented_arrives(self, index: int) -> float:
        """Invented people are entered through the first two days, a few at a time."""
        return self.chance.random() * min(self.setting.length, 2 * 86400) * 0.9

    def mailbox(self, index: int) -> str:
        """A mailbox of the attacker's catch-all domain."""
        return f"box{index % max(1, self.numbers.mailboxes)}.{self.order}@catch-all{self.order}.example.net"

    def address(self, index: int) -> str:
        """One of the attacker's addresses."""
        return address_of(self.numbers, self.order, index)

    def begin(self) -> None:
        """Put everything that this attacker does on the agenda."""
        for life, at in self.lives():
            self.office.agenda.start(life, at)

    @abstractmethod
    def lives(self) -> list[tuple[Life, float]]:
        """Lives with the second at which each begins."""

    def browser_for(self, target: Target, index: int) -> Browser:
        """A session for a target, at the next address."""
        return Browser(self.clock, self.account, self.address(index), self.office.world.path)

    def account_for(self, pages: int, *, polls: int = 0, letters: int = 0, pictures: int = 0) -> None:
        """Count what is not sent."""
        account, costs = self.account, self.setting.costs
        account.accounted += pages + polls + pictures
        account.cpu_accounted += (
            pages * costs.page + polls * costs.poll + letters * costs.letter + pictures * costs.picture
        )

    def prepare(self, browser: Browser, target: Target) -> Generator[float | Signal, None, bool]:
        """Draft, proved address and passport, at the attacker's speed; False where the application will not have it."""
        self.account_for(3, letters=1)
        browser.begin()
        self.account.counts["proofs"] += 1
        self.account.work_seconds += self.numbers.form_seconds if self.numbers.form_seconds > 30 else 0
        for _ in range(TRIES):
            self.account.pictures[self.numbers.solver] += 1
            self.account_for(0, pictures=1)
            yield self.solver.seconds + self.numbers.form_seconds
            if browser.ask_code(target.mail, right=self.chance.random() < self.solver.right):
                break
        else:
            return False
        yield self.numbers.mail_seconds
        if not browser.give_code(target.mail):
            return False
        browser.enter(target.person, 1)
        return True

    def enter(self, target: Target, index: int) -> Steps:
        """A standing request for a target; held back, another address is taken, or the wait is waited out."""
        for attempt in range(6):
            browser = self.browser_for(target, index + attempt * 17)
            try:
                if (yield from self.prepare(browser, target)):
                    browser.wish(*self.setting.days)
                    target.reference = browser.send()
                    self.browsers[target.reference] = browser
                    return target.reference
            except HeldBackError as held:
                yield float(held.seconds) if self.numbers.addresses == 1 else 1.0
            except LostError as lost:
                target.refused = str(lost)
                self.account.counts["refused"] += 1
                return None
        return None

    def pay(self, target: Target) -> Steps:
        """Pay for a target's booking, with a fresh proof of the address where the old one is over."""
        browser = self.browsers.get(target.reference)
        for _ in range(TRIES):
            if browser is None:
                break
            try:
                self.account.pictures[self.numbers.solver] += browser.proved_until < self.clock.seconds
                if browser.sign_in(target.mail, right=self.chance.random() < self.solver.right):
                    target.paid = browser.pay(target.reference)
                    break
                yield self.solver.seconds
            except HeldBackError as held:
                yield float(held.seconds)
            except LostError:
                break
        if target.paid:
            self.account.fees_cents += self.office.world.service.service_fee_cents
        return target.reference

    def give_back(self, target: Target) -> Steps:
        """Cancel a paid booking; the fee comes back where the rule of the service says so."""
        browser = self.browsers[target.reference]
        for _ in range(TRIES):
            try:
                if browser.sign_in(target.mail, right=self.chance.random() < self.solver.right):
                    yield self.numbers.mail_seconds + 61
                    target.given_back = browser.cancel(target.reference, target.mail)
                    if target.given_back and self.setting.reopens:
                        self.office.reopen(target.reference)
                    break
                yield self.solver.seconds
            except HeldBackError as held:
                yield float(held.seconds)
            except LostError:
                break
        return target.reference

    def booking_of(self, target: Target) -> Booking:
        """The booking of a target's request."""
        return Booking.objects.select_related("request__service__post").get(request__reference=target.reference)
