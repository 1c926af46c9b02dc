"""What every gateway offers, and how it speaks to the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from antibot.models import Charge, Payment

_WORD = re.compile(r"[\x21-\x7e]{0,255}")
_CURRENCY = re.compile(r"[A-Z]{3}")
LARGEST_AMOUNT = 2**31 - 1  # of the column, in cents
LONGEST_KIND = 60  # of the column


class ForgedError(Exception):
    """A message whose signature does not stand, or that is not a message at all."""


class GatewayAwayError(Exception):
    """The gateway cannot be reached or answered with an error of its own; it may be tried again."""


class NoticeKind(StrEnum):
    """What a gateway reports."""

    PAID = "paid"
    REFUSED = "refused"
    REFUNDED = "refunded"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Opened:
    """A hosted page that the person is sent to."""

    reference: str
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Notice:
    """One verified message. Amounts are in cents; `occurred_at` is the gateway's own signed instant."""

    event_id: str
    kind: NoticeKind
    occurred_at: datetime
    payment_reference: str = ""  # the public id that we gave the gateway
    charge_reference: str = ""
    amount_cents: int = 0
    currency: str = ""
    instrument: str = ""  # what the gateway says to tell one card from another; never a card number
    raw_kind: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError or TypeError for what no gateway of ours sends and no column holds."""
        # What came out of a gateway's JSON may be anything, whatever the annotations say.
        names: list[Any] = [self.event_id, self.charge_reference, self.instrument, self.raw_kind]
        reference: Any = self.payment_reference  # any text: money for a demand that does not exist has to go back
        amount: Any = self.amount_cents
        if not (isinstance(reference, str) and isinstance(self.currency, str)):
            raise TypeError("a reference that is no text")
        for name in names:
            if not isinstance(name, str) or _WORD.fullmatch(name) is None:
                raise ValueError("a name that no gateway gives")
        if len(self.raw_kind) > LONGEST_KIND:
            raise ValueError("a kind that no gateway has")
        if not isinstance(amount, int) or not 0 <= amount <= LARGEST_AMOUNT:
            raise ValueError("an amount that nobody pays")
        if (self.currency or amount) and _CURRENCY.fullmatch(self.currency) is None:
            raise ValueError("money without a currency, or one that does not exist")
        if not self.event_id:
            raise ValueError("a message that could not be told from its repetition")


@dataclass(frozen=True)
class Refunded:
    """The gateway's answer to a refund; `done` is False where it will report later."""

    reference: str
    done: bool


class Gateway(Protocol):
    """A way to pay on somebody else's page. No card data ever comes here."""

    name: str

    def open(self, payment: Payment, attempt: str, return_url: str, now: datetime) -> Opened:
        """Open a hosted page; the same `attempt` opens the same one. Raises GatewayAwayError."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Verify and read a webhook. Raises ForgedError."""

    def refund(self, charge: Charge, now: datetime) -> Refunded:
        """Send the whole of a charge back; safe to repeat. Raises GatewayAwayError."""

    def look_up(self, since: datetime, now: datetime) -> Iterable[Notice]:
        """What the gateway holds since an instant, for reconciliation. Raises GatewayAwayError."""
