"""Random serial dictatorship with weights: seed, keys, order, and who takes which slots.

Integers and hashes only, so that a second program in another language gets the same result to the last byte
(docs/draw-protocol.md, sections 5 to 7). Abdulkadiroğlu and Sönmez, "Random serial dictatorship and the core
from random endowments in house allocation problems", Econometrica 66 (1998): stating one's true preferences is
the best strategy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .board import Board
from .commitment import PROTOCOL, WEIGHT_CAP, Slot, Ticket, canonical

_BLOCK = 64


def seed_of(draw: str, list_hash: str, randomness: bytes) -> bytes:
    """The 32 bytes that every lot is computed from.

    Args:
        draw: the draw's name, as in the list's header.
        list_hash: M, hexadecimal.
        randomness: the beacon's 32 bytes.
    """
    text = f"{PROTOCOL}|{draw}|{list_hash}|{randomness.hex()}"
    return hashlib.sha256(text.encode("ascii")).digest()


class Lots:
    """HMAC-SHA-256 under one key (RFC 2104), with the two padded key blocks hashed once only.

    The standard library prepares the key again for every message, which costs more than the message itself.
    """

    def __init__(self, seed: bytes) -> None:
        """Prepare the key, `seed`, of at most 64 bytes."""
        block = seed.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def key(self, ticket: str, weight: int) -> bytes:
        """The smallest of the ticket's `weight` lots."""
        inner_of, outer_of = self._inner.copy, self._outer.copy
        stem = inner_of()
        stem.update(f"{ticket}|".encode("ascii"))
        best = b"\xff" * 33
        for number in _NUMBERS[:weight]:
            inner = stem.copy()
            inner.update(number)
            outer = outer_of()
            outer.update(inner.digest())
            lot = outer.digest()
            if lot < best:  # noqa: PLR1730 - min() costs a call a lot, and there are millions of lots
                best = lot
        return best


_NUMBERS = [str(number).encode("ascii") for number in range(1, WEIGHT_CAP + 1)]


def order_of(seed: bytes, tickets: Sequence[Ticket]) -> list[int]:
    """Positions of the tickets in the order of their keys.

    `tickets` ascend by id, so that the position decides between equal keys as the id would.
    """
    key = Lots(seed).key
    keyed = [
        key(ticket.ticket, min(1 + ticket.lost, WEIGHT_CAP)) + position.to_bytes(4, "big")
        for position, ticket in enumerate(tickets)
    ]
    keyed.sort()
    return [int.from_bytes(entry[32:], "big") for entry in keyed]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a draw decided.

    `order`: positions in `tickets`; `taken`: position -> ids of the slots, in natural order.
    """

    order: list[int]
    taken: dict[int, tuple[int, ...]]


def assign(
    tickets: Sequence[Ticket], order: Sequence[int], slots: Iterable[Slot], adjacent_minutes: int
) -> dict[int, tuple[int, ...]]:
    """Let each ticket take the earliest set it accepts: urgent ones from the urgent slots, then all from all.

    A group takes a slot for each person or nothing at all; no free set that fits the next ticket is passed by.
    """
    everything = list(slots)
    taken: dict[int, tuple[int, ...]] = {}
    reserved = [slot for slot in everything if slot.urgent]
    used: set[int] = set()
    if reserved:
        board = Board(reserved, adjacent_minutes)
        for position in order:
            if tickets[position].urgent:
                found = board.take(tickets[position])
                if found:
                    taken[position] = found
                    used.update(found)
    board = Board([slot for slot in everything if slot.slot not in used], adjacent_minutes)
    take = board.take
    for position in order:
        if position not in taken:
            found = take(tickets[position])
            if found:
                taken[position] = found
    return taken


def draw(seed: bytes, tickets: Sequence[Ticket], slots: Iterable[Slot], adjacent_minutes: int) -> Outcome:
    """Order the tickets and assign the slots.

    `seed` has 32 bytes (see `seed_of`), `tickets` ascend strictly by id, `adjacent_minutes` is the list's header's.
    """
    order = order_of(seed, tickets)
    return Outcome(order, assign(tickets, order, slots, adjacent_minutes))


def result_lines(
    *,
    draw_name: str,
    list_hash: str,
    signature: bytes,
    tickets: Sequence[Ticket],
    outcome: Outcome,
) -> Iterator[bytes]:
    """Part B of the record, line by line (docs/draw-protocol.md, section 9)."""
    randomness = hashlib.sha256(signature).digest()
    head = {
        "draw": draw_name,
        "list_hash": list_hash,
        "part": "result",
        "randomness": randomness.hex(),
        "seed": seed_of(draw_name, list_hash, randomness).hex(),
        "served": len(outcome.taken),
        "signature": signature.hex(),
        "unserved": len(tickets) - len(outcome.taken),
    }
    yield canonical(head).encode("ascii") + b"\n"
    for position in outcome.order:
        slots = ",".join(map(str, outcome.taken.get(position, ())))
        yield f'{{"slots":[{slots}],"ticket":"{tickets[position].ticket}"}}\n'.encode("ascii")
