"""The draw once more, as slow and as plain as the protocol's text, to compare the fast one with."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from datetime import date

from appointments.domain.commitment import Slot, Ticket


def key(seed: bytes, ticket: Ticket) -> bytes:
    weight = min(1 + ticket.lost, 13)
    return min(hmac.digest(seed, f"{ticket.ticket}|{j}".encode(), "sha256") for j in range(1, weight + 1))


def order(seed: bytes, tickets: list[Ticket]) -> list[Ticket]:
    return sorted(tickets, key=lambda ticket: (key(seed, ticket), ticket.ticket))


def accepts(ticket: Ticket, slot: Slot) -> bool:
    return (
        ticket.first_day <= slot.day <= ticket.last_day
        and bool(ticket.weekdays >> date.fromordinal(slot.day).weekday() & 1)
        and ticket.earliest <= slot.time <= ticket.latest
    )


def earliest_set(ticket: Ticket, free: list[Slot], gap: int) -> list[Slot]:
    accepted = sorted(
        (slot for slot in free if accepts(ticket, slot)), key=lambda s: (s.day, s.time, s.counter, s.slot)
    )
    for start in range(len(accepted) - ticket.size + 1):
        run = accepted[start : start + ticket.size]
        neighbours = itertools.pairwise(run)
        if all(a.day == b.day and b.time - a.time <= gap for a, b in neighbours):
            return run
    return []


def assign(seed: bytes, tickets: list[Ticket], slots: list[Slot], gap: int) -> dict[str, tuple[int, ...]]:
    taken: dict[str, tuple[int, ...]] = {}
    free = list(slots)
    turn = order(seed, tickets)
    for urgent_phase in (True, False):
        for ticket in turn:
            if ticket.ticket in taken or (urgent_phase and not ticket.urgent):
                continue
            found = earliest_set(ticket, [slot for slot in free if slot.urgent or not urgent_phase], gap)
            if found:
                taken[ticket.ticket] = tuple(slot.slot for slot in found)
                free = [slot for slot in free if slot not in found]
    return taken


def seed(draw: str, list_bytes: bytes, randomness: bytes) -> bytes:
    digest = hashlib.sha256(list_bytes).hexdigest()
    return hashlib.sha256(f"v1|{draw}|{digest}|{randomness.hex()}".encode()).digest()
