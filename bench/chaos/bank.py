"""A bank that behaves badly, in a process of its own: `python -m bench.chaos.bank`, which reads its task as JSON.

It repeats what was delivered, twice at once and later again; it tells of a refund before the payment it undoes; it
sends a wrong amount; and somebody sends forgeries in its name. What it took and gave back stands in FOLDER/bank.book,
what was answered to forgeries too. When FOLDER/closing exists it takes no new money, and repeats what nobody accepted
until it is accepted.
"""

import http.client
import json
import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, for a bank that is played
from typing import Any

from bench.chaos.roamer import Book

SHARE_REPEATED = 0.4


@dataclass
class Bank:
    """Its orders, and what it still has to say."""

    folder: Path
    ports: list[int]
    sign: Callable[[bytes, int], str]
    dice: Random
    owed: list[dict[str, Any]] = field(default_factory=list)
    played: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.book = Book(self.folder / "bank.book")

    def post(self, body: bytes, signature: str) -> int:
        """The status of the answer of a node, 0 where none came."""
        link = http.client.HTTPConnection("127.0.0.1", self.dice.choice(self.ports), timeout=10)
        try:
            link.request("POST", "/antibot/webhook/sandbox/", body, {"Sandbox-Signature": signature})
            return link.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            link.close()

    def tell(self, message: dict[str, Any]) -> bool:
        """Send one message, sometimes twice at the same moment; whether it was accepted."""
        body = json.dumps(message).encode()
        signature = self.sign(body, int(time.time()))
        if self.dice.random() < SHARE_REPEATED:
            twin = threading.Thread(target=self.post, args=(body, signature))
            twin.start()
        return 200 <= self.post(body, signature) < 300

    def forge(self, message: dict[str, Any]) -> None:
        """What somebody without the secret can send; all of it has to be refused."""
        dearer = json.dumps(message | {"amount_cents": message["amount_cents"] + 1}).encode()
        body, now = json.dumps(message).encode(), int(time.time())
        tries = {
            "another amount": (dearer, self.sign(body, now)),
            "an old signature": (body, self.sign(body, now - 7200)),
            "no signature": (body, ""),
            "a signature of one's own": (body, f"t={now},v1={secrets.token_hex(32)}"),
        }
        kind = self.dice.choice(sorted(tries))
        self.book.write(what="forgery", kind=kind, answered=self.post(*tries[kind]))

    def play(self, order: Any) -> None:
        """Pay an order that somebody left to the bank."""
        charge = "chb_" + secrets.token_hex(12)
        paid = {
            "id": "evb_" + secrets.token_hex(12), "kind": "paid", "at": int(time.time()),
            "merchant_reference": order.merchant_reference, "charge": charge, "amount_cents": order.amount_cents,
            "currency": order.currency, "instrument": f"card-{charge}",
        }  # fmt: skip
        act = self.dice.choice(["plain", "plain", "undone", "wrong amount first"])
        messages = [paid]
        if act == "undone":  # told in the wrong order
            messages.insert(0, paid | {"id": "evb_" + secrets.token_hex(12), "kind": "refunded"})
        if act == "wrong amount first":
            surplus = "chb_" + secrets.token_hex(12)
            wrong = {"id": "evb_" + secrets.token_hex(12), "charge": surplus, "amount_cents": order.amount_cents - 1}
            messages.insert(0, paid | wrong)
            self.book.write(what="money", charge=surplus, amount=order.amount_cents - 1, undone=False)
        self.book.write(what="money", charge=charge, amount=order.amount_cents, undone=act == "undone")
        self.owed += messages

    def deliver(self) -> None:
        """Everything that is owed, in order; what is not accepted is owed still. Then some of it is told again."""
        waiting, self.owed = self.owed, []
        for message in waiting:
            if not self.tell(message):
                self.owed.append(message)
            elif self.dice.random() < SHARE_REPEATED and message["id"] not in self.repeated:
                self.repeated.add(message["id"])
                self.owed.append(message)

    def look_around(self) -> None:
        """Find orders nobody paid, and messages of the pretended bank of the site to repeat and to forge."""
        from antibot.models import Payment, SandboxNotice, SandboxOrder

        unpaid = SandboxOrder.objects.filter(notices__isnull=True).order_by("pk")
        open_keys = {str(key) for key in Payment.objects.filter(state="asked").values_list("public_id", flat=True)}
        for order in unpaid:
            known = order.merchant_reference in open_keys and order.reference not in self.played
            if known and time.time() - order.created_at.timestamp() > 3:
                self.played.add(order.reference)
                self.play(order)
        for notice in SandboxNotice.objects.filter(delivered_at__isnull=False).order_by("-pk")[:10]:
            message = json.loads(notice.body)
            self.forge(message)
            if notice.event_id not in self.repeated and self.dice.random() < SHARE_REPEATED:
                self.repeated.add(notice.event_id)
                self.owed.append(message)


def main(task: dict[str, Any]) -> None:
    """Work until told to close, then until nothing is owed."""
    import django

    django.setup()
    from django.db import Error, connections

    from antibot.payments.sandbox import sign

    folder = Path(task["folder"])
    bank = Bank(folder, task["ports"], sign, Random(task["seed"]))  # noqa: S311 - seeded
    while not (folder / "closing").exists() or bank.owed:
        try:
            if not (folder / "closing").exists():
                bank.look_around()
        except Error:
            connections.close_all()
        bank.deliver()
        time.sleep(0.6)
    bank.book.write(what="closed")


if __name__ == "__main__":
    main(json.load(sys.stdin))
