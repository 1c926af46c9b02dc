"""Who did what, how often, at what cost: the books of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lab.scenario import SOLVERS, Prices


@dataclass
class Account:
    """What one attacker, or all people, did. `sent` really happened; `accounted` was counted in closed form."""

    name: str
    sent: int = 0
    accounted: int = 0
    cpu_sent: float = 0.0  # seconds of this process for the requests that were sent
    cpu_accounted: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    pictures: Counter[str] = field(default_factory=Counter)  # solver: pictures tried
    address_days: float = 0.0
    hosting: bool = True
    fees_cents: int = 0
    bribes: int = 0
    work_seconds: float = 0.0

    @property
    def requests(self) -> int:
        """Everything that would have reached the server."""
        return self.sent + self.accounted

    def cost(self, prices: Prices) -> float:
        """What all of it cost its owner, in euros, without the fees that came back."""
        solved = sum(SOLVERS[name].per_thousand / 1000 * count for name, count in self.pictures.items())
        address = prices.hosting_address if self.hosting else prices.home_address
        return (
            self.requests * prices.per_request
            + solved
            + self.counts["proofs"] * prices.proof
            + self.address_days * address
            + self.counts["mailboxes"] * prices.mailbox
            + self.counts["invented"] * prices.invented_person
            + self.counts["payments"] * prices.card_payment
            + self.work_seconds / 3600 * prices.hour_of_work
            + self.fees_cents / 100
            + self.bribes * prices.bribe
        )


@dataclass(frozen=True)
class PageCosts:
    """Measured CPU seconds of the requests that are accounted for and not sent."""

    page: float = 0.0  # a page of the form
    poll: float = 0.0  # the list of open times
    picture: float = 0.0
    letter: float = 0.0
