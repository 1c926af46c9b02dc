"""Sellers: customers with passports of their own, served by machines that look more often than people can.

Pollers, snipers, watchers with a clean booker, readers of mailboxes, pools of accounts, human farms and agencies differ
in numbers only: how often they look, from how many addresses, how fast a form is filled in.
"""

from __future__ import annotations

from lab.agenda import Life
from lab.attackers.base import KEPT_WARM_SECONDS, TRIES, Attacker, Steps, Target
from lab.browser import Browser, HeldBackError, LostError


class Seller(Attacker):
    """Serves its customers as fast as it can."""

    def lives(self) -> list[tuple[Life, float]]:
        """Drawn: one life a customer. First come: so many workers, which serve whoever waits."""
        if not self.setting.first_come:
            self.account_for(0, polls=int(self.setting.length / max(0.02, self.numbers.poll_seconds)))
            return [(self.stand(target, index), target.arrives) for index, target in enumerate(self.clients)]
        return [(self.race(worker), 0.0) for worker in range(max(1, self.numbers.parallel))]

    def stand(self, target: Target, index: int) -> Life:
        """Enter a customer's request, wait to be served, pay at once."""
        reference = yield from self.enter(target, index)
        if reference is None:
            return
        yield self.office.watch(reference)
        target.booked = self.clock.seconds
        yield self.numbers.mail_seconds
        yield from self.pay(target)

    def waiting(self) -> Target | None:
        """The customer who has waited longest."""
        return next(
            (t for t in self.clients if t.arrives <= self.clock.seconds and not t.reference and not t.refused), None
        )

    def race(self, worker: int) -> Life:
        """Wait until something opens, be there within a poll, take what can be sold."""
        self.count_polls(worker)
        while True:
            yield self.office.opened
            yield self.delay()
            while self.office.free > 0 and (target := self.waiting()) is not None:
                target.reference = "…"  # no other worker takes this customer meanwhile
                taken = yield from self.grab(target, worker)
                if not taken:
                    target.reference = ""
                    break

    def delay(self) -> float:
        """Seconds from an opening to the first request of this attacker: the rest of a poll, and the way."""
        seen = self.numbers.poll_seconds / max(1, self.numbers.watchers)
        typing = self.numbers.form_seconds if self.numbers.form_seconds > 30 else 0.0
        return self.chance.random() * seen + 0.05 + self.chance.random() * 0.25 + typing

    def count_polls(self, worker: int) -> None:
        """Polls that see nothing, and the renewals of a prepared form, are counted and not sent."""
        length = self.setting.length
        pollers = self.numbers.watchers if worker == 0 and self.numbers.watchers else 1
        self.account_for(0, polls=int(length / max(0.02, self.numbers.poll_seconds) * pollers))
        renewals = int(length / KEPT_WARM_SECONDS)
        self.account.pictures[self.numbers.solver] += int(renewals / max(0.01, self.solver.right))
        self.account.counts["proofs"] += renewals
        self.account_for(3 * renewals, letters=renewals, pictures=renewals)

    def grab(self, target: Target, worker: int) -> Steps:
        """Hold an open time with a form that was prepared beforehand, and pay. A reference, or None."""
        browser = self.browser_for(target, worker)
        try:
            if not self.prepared(browser, target):
                return None
            times = browser.open_times()
            reference = browser.hold(self.chance.choice(times)) if times else None
        except HeldBackError as held:
            yield float(held.seconds)
            return None
        except LostError as lost:
            target.refused = str(lost)
            self.account.counts["refused"] += 1
            return None
        if reference is None:
            yield 0.2
            return None
        self.office.taken()
        target.reference, target.booked = reference, self.clock.seconds
        self.browsers[reference] = browser
        yield from self.after_hold(target)
        return reference

    def after_hold(self, target: Target) -> Steps:
        """What becomes of a held time: it is paid."""
        yield self.numbers.regrab_seconds
        yield from self.pay(target)
        return target.reference

    def prepared(self, browser: Browser, target: Target) -> bool:
        """A form filled in before the opening. It takes no time here: only the last page is raced for."""
        browser.begin()
        for _ in range(TRIES):
            self.account.pictures[self.numbers.solver] += 1
            if browser.ask_code(target.mail, right=self.chance.random() < self.solver.right):
                break
        else:
            return False
        if not browser.give_code(target.mail):
            return False
        browser.enter(target.person, 1)
        return True
