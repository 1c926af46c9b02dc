"""The draws of a run drawn again, many times: who would have won, by the application's own rule on the real records.

One run has a few hundred winners, too few to tell 5 % from chance. Its lists, though, are all there is to its draws: so
the real tickets and the real slots of every draw are drawn again with other lots, in order, where whoever wins leaves
and whoever loses carries the weight into the next draw. Lots come from a fast generator, in the distribution of the
application's; who takes which slots is decided by the application's own function. What differs from playing the week
again: places that come back (unpaid, cancelled) come back when they did in the run.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from appointments.domain import draw as rules
from appointments.domain.board import Board
from appointments.domain.commitment import WEIGHT_CAP, Slot, Ticket, read_list
from appointments.draws.record import lines_of
from appointments.models import Draw, DrawDocument, Request, Service
from lab.world import ZONE


@dataclass(frozen=True)
class Entry:
    """A request of the run: its ticket (without draws lost), its group, and when it was in."""

    ticket: Ticket
    group: str
    entered: datetime
    gone: datetime | None
    short_notice: bool
    in_time: Callable[[datetime, datetime], bool]  # whether its owner notices a win between two instants and pays


@dataclass(frozen=True)
class Round:
    """A draw of the run."""

    number: int
    closes_at: datetime
    drawn_at: datetime
    hours_to_pay: int
    standby: bool
    slots: list[Slot]
    adjacent_minutes: int


@dataclass
class Tally:
    """What all repetitions gave. `won[group]` holds one number a repetition."""

    won: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    slots: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # places that went to the group
    weights: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # its share of weights x places


def rounds_of(service: Service) -> list[Round]:
    """Every draw of a service in order, with the slots of its published record."""
    found = []
    for draw in Draw.objects.filter(service=service, state=Draw.State.DRAWN).order_by("drawn_at", "pk"):
        header, slots, _tickets = read_list(lines_of(draw, DrawDocument.Part.LIST))
        assert draw.drawn_at is not None  # noqa: S101 - narrows the type
        found.append(
            Round(
                draw.pk,
                draw.closes_at,
                draw.drawn_at,
                service.payment_deadline_hours,
                draw.standby,
                list(slots),
                header.adjacent_minutes,
            )
        )
    return found


def entry_of(row: Request, group: str, in_time: Callable[[datetime, datetime], bool]) -> Entry:
    """A request as the lists write it."""
    ticket = Ticket(
        row.ticket_id,
        row.size,
        0,
        row.quota == "urgent",
        row.first_day.toordinal(),
        row.last_day.toordinal(),
        row.weekdays,
        row.earliest.hour * 60 + row.earliest.minute,
        row.latest.hour * 60 + row.latest.minute,
    )
    gone = row.ended_at if row.ended_reason == Request.Ended.WITHDRAWN else None
    return Entry(ticket, group, row.entered_at, gone, row.short_notice, in_time)


class Lists:
    """The entries of a run in the order of their tickets, and who stands in which draw before anybody has won."""

    def __init__(self, entries: Iterable[Entry], rounds: Sequence[Round]) -> None:
        """Which tickets a draw could take does not depend on chance, so it is asked for once."""
        self.entries = sorted(entries, key=lambda entry: entry.ticket.ticket)
        self.rounds = rounds
        self.tickets = [entry.ticket for entry in self.entries]
        self.groups = sorted({entry.group for entry in self.entries})
        self.group = np.array([self.groups.index(entry.group) for entry in self.entries], dtype=np.intp)
        self.stands = [self._stands(one) for one in rounds]

    def _stands(self, one: Round) -> NDArray[np.bool_]:
        board = Board(one.slots, one.adjacent_minutes)
        found = [
            entry.entered <= one.closes_at
            and (entry.gone is None or entry.gone > one.closes_at)
            and (entry.short_notice or not one.standby)
            and board.accepts_any(entry.ticket)
            for entry in self.entries
        ]
        return np.array(found, dtype=bool)


def redraw(lists: Lists, times: int, seed: str, *, leaving_out: str = "") -> Tally:
    """Draw everything again `times` times, without the group `leaving_out`.

    Lots follow from seed, repetition, draw and entry alone: with and without a group, the others have the same luck.
    """
    present = np.array([entry.group != leaving_out for entry in lists.entries], dtype=bool)
    groups = [group for group in lists.groups if group != leaving_out]
    tally = Tally()
    for number in range(times):
        won, slots, weights = _once(lists, present, f"{seed}|{number}")
        for group in groups:
            tally.won[group].append(won[group])
            tally.slots[group].append(slots[group])
            tally.weights[group].append(weights[group])
        tally.slots[""].append(sum(slots.values()))
    return tally


def pay_until(one: Round, taken: tuple[int, ...]) -> datetime:
    """The deadline of a winner: the service's hours, but half an hour before the appointment at the latest."""
    begins = min((slot.day, slot.time) for slot in one.slots if slot.slot in taken)
    local = datetime.combine(date.fromordinal(begins[0]), time(begins[1] // 60, begins[1] % 60), ZONE)
    return min(one.drawn_at + timedelta(hours=one.hours_to_pay), local.astimezone(UTC) - timedelta(minutes=30))


def lots(chance: np.random.Generator, lost: NDArray[np.int64]) -> NDArray[np.float64]:
    """A key for each entry; ascending, they are in the order of the application's lots in distribution.

    The application takes the smallest of `weight` uniform lots. The logarithm turns the smallest of w uniform numbers
    into an exponential of rate w (Devroye, Non-Uniform Random Variate Generation, 1986, ch. I.4), and keeps the order.
    """
    return chance.standard_exponential(len(lost)) / np.minimum(1 + lost, WEIGHT_CAP)


def _once(lists: Lists, present: NDArray[np.bool_], seed: str) -> tuple[Counter[str], Counter[str], Counter[str]]:
    won: Counter[str] = Counter()
    places: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    standing, lost = present.copy(), np.zeros(len(lists.entries), dtype=np.int64)
    for one, stands in zip(lists.rounds, lists.stands, strict=True):
        digest = hashlib.sha256(f"{seed}|{one.number}".encode()).digest()
        keys = lots(np.random.default_rng(int.from_bytes(digest[:8], "big")), lost)
        inside = np.flatnonzero(stands & standing)
        if not len(inside):
            continue
        order = inside[np.argsort(keys[inside], kind="stable")].tolist()
        taken = rules.assign(lists.tickets, order, one.slots, one.adjacent_minutes)
        given = sum(map(len, taken.values()))
        weight = np.minimum(1 + lost[inside], WEIGHT_CAP).astype(float)
        shares = np.bincount(lists.group[inside], weight, len(lists.groups)) * given / weight.sum()
        for group, share in zip(lists.groups, shares, strict=True):
            weights[group] += share
        for at, slots in taken.items():
            entry = lists.entries[at]
            places[entry.group] += len(slots)
            won[entry.group] += entry.in_time(one.drawn_at, pay_until(one, slots))
        lost[inside] += 1
        standing[list(taken)] = False
    return won, places, weights
