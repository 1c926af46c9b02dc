"""Attackers who hold places under other names: to sell and rebook them, to deny them, or to sell the name itself."""

from __future__ import annotations

from dataclasses import replace

from appointments.domain.people import PersonData
from lab.agenda import Life
from lab.attackers.base import Steps, Target
from lab.attackers.speed import Seller

SPELL_AFTER = 3600.0  # after the customer, who has to stand in the draw in any case
SALE_SECONDS = 6 * 3600.0  # from holding a place to having found a buyer


class Hoarder(Seller):
    """Holds places under invented names, pays, and when somebody buys one: cancels it and rebooks for the customer."""

    def lives(self) -> list[tuple[Life, float]]:
        """Customers stand or race as with any seller; invented people come first."""
        found = super().lives()
        if not self.setting.first_come:
            number = len(self.clients)
            found += [(self.hoard(t, number + index), t.arrives) for index, t in enumerate(self.invented)]
        return found

    def waiting(self) -> Target | None:
        """A customer whose place was just given back goes first; otherwise another place is hoarded."""
        free = [t for t in self.targets if not t.reference and not t.refused and t.arrives <= self.clock.seconds]
        returned = sum(t.given_back for t in self.invented)
        bought = sum(bool(t.reference) for t in self.clients)
        order = sorted(free, key=lambda t: t.invented != (returned <= bought))
        return order[0] if order else None

    def hoard(self, target: Target, index: int) -> Life:
        """An invented person's request; what it wins is cancelled for a customer, who stands in the same draws."""
        reference = yield from self.enter(target, index)
        if reference is None:
            return
        yield self.office.watch(reference)
        target.booked = self.clock.seconds
        yield self.numbers.mail_seconds
        yield from self.pay(target)
        yield from self.sell(target)

    def sell(self, target: Target) -> Steps:
        """After a while somebody buys; the place is given back so that the buyer may take it."""
        yield SALE_SECONDS
        if target.paid and any(client.arrives <= self.clock.seconds for client in self.clients):
            yield from self.give_back(target)
        return target.reference

    def after_hold(self, target: Target) -> Steps:
        """First come: pay; a place under an invented name is given back once it is sold."""
        yield from self.pay(target)
        if target.invented:
            self.office.agenda.start(_life(self.sell(target)), self.clock.seconds)
        return target.reference


def _life(steps: Steps) -> Life:
    yield from steps


class Stuffer(Hoarder):
    """For each customer, some invented people more in the draw; a place one of them wins is sold as it is.

    Besides, the customer's own passport is entered again, spelled otherwise.
    """

    def lives(self) -> list[tuple[Life, float]]:
        """As a hoarder's, and where places are drawn the other spellings."""
        found = super().lives()
        if not self.setting.first_come:
            for index, client in enumerate(self.clients):
                at = client.arrives + SPELL_AFTER
                found += [(self.spell(client, index, number), at) for number in range(self.numbers.spellings)]
        return found

    def spell(self, client: Target, index: int, number: int) -> Life:
        """Try to have one person twice in the draw."""
        mail = f"again{number}.{client.mail}"
        again = Target(spelled_otherwise(client.person, number), mail, self.clock.seconds, invented=True)
        reference = yield from self.enter(again, index + number + 1)
        self.account.counts["spellings tried"] += 1
        self.account.counts["spellings accepted"] += reference is not None

    def invented_arrives(self, index: int) -> float:
        """With the customer they are for."""
        return self.arrivals[index % max(1, len(self.arrivals))]

    def pay(self, target: Target) -> Steps:
        """A customer pays anyway; a place in another name is paid only while there is somebody to sell it to."""
        if not target.invented:
            return (yield from super().pay(target))
        sold = {t.sold_to for t in self.invented}
        now = self.clock.seconds
        buyers = [n for n, c in enumerate(self.clients) if c.booked is None and c.arrives <= now and n not in sold]
        if buyers:
            target.sold_to = buyers[0]
            yield from super().pay(target)
            if not target.paid:
                target.sold_to = None
        return target.reference

    def sell(self, target: Target) -> Steps:
        """The customer comes with a printed confirmation in another name."""
        yield 0.0
        return target.reference


class Denier(Hoarder):
    """Takes places and does not pay them: nothing is sold, others only get less."""

    def pay(self, target: Target) -> Steps:
        """Never."""
        booking = self.booking_of(target)
        self.office.expire_at(booking.hold_until)
        yield 0.0
        return target.reference

    def sell(self, target: Target) -> Steps:
        """There is nothing to sell."""
        yield 0.0
        return target.reference


class NoShow(Hoarder):
    """Takes places, pays them, and nobody comes."""

    def sell(self, target: Target) -> Steps:
        """There is nothing to sell."""
        yield 0.0
        return target.reference


def spelled_otherwise(person: PersonData, number: int) -> PersonData:
    """The same passport as somebody might type it: a letter doubled, the number in small letters with a space."""
    at = number % len(person.family_name)
    family = person.family_name[: at + 1] + person.family_name[at:]
    passport = f"{person.passport_number[:2].lower()} {person.passport_number[2:]}"
    return replace(person, family_name=family, passport_number=passport)
