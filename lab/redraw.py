"""The draws of a run drawn again, many times: who would have won, by the application's own rule on the real records.

One run has a few hundred winners, too few to tell 5 % from chance. Its lists, though, are all there is to its draws: so
the real tickets and the real slots of every draw are drawn again with other seeds, in order, where whoever wins leaves
and whoever loses carries the weight into the next draw. What differs from playing the week again: places that come
back (unpaid, cancelled) come back when they did in the run.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from appointments.domain import draw as rules
from appointments.domain.board import Board
from appointments.domain.commitment import Slot, Ticket, read_list
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


def redraw(
    entries: list[Entry],
    rounds: list[Round],
    times: int,
    seed: str,
    progress: Callable[[float], None] = lambda _share: None,
) -> Tally:
    """Draw everything again `times` times."""
    ordered = sorted(entries, key=lambda entry: entry.ticket.ticket)
    groups = sorted({entry.group for entry in ordered})
    tally = Tally()
    for number in range(times):
        won, slots, weights = _once(ordered, rounds, f"{seed}|{number}")
        for group in groups:
            tally.won[group].append(won[group])
            tally.slots[group].append(slots[group])
            tally.weights[group].append(weights[group])
        tally.slots[""].append(sum(slots.values()))
        progress((number + 1) / times)
    return tally


def pay_until(one: Round, taken: tuple[int, ...]) -> datetime:
    """The deadline of a winner: the service's hours, but half an hour before the appointment at the latest."""
    begins = min((slot.day, slot.time) for slot in one.slots if slot.slot in taken)
    local = datetime.combine(date.fromordinal(begins[0]), time(begins[1] // 60, begins[1] % 60), ZONE)
    return min(one.drawn_at + timedelta(hours=one.hours_to_pay), local.astimezone(UTC) - timedelta(minutes=30))


def _once(
    entries: list[Entry], rounds: list[Round], seed: str
) -> tuple[Counter[str], Counter[str], defaultdict[str, float]]:
    won: Counter[str] = Counter()
    places: Counter[str] = Counter()
    weights: defaultdict[str, float] = defaultdict(float)
    standing = list(range(len(entries)))
    lost = [0] * len(entries)
    for one in rounds:
        board = Board(one.slots, one.adjacent_minutes)
        inside = [
            at
            for at in standing
            if entries[at].entered <= one.closes_at
            and (entries[at].gone is None or entries[at].gone > one.closes_at)  # type: ignore[operator]
            and (entries[at].short_notice or not one.standby)
            and board.accepts_any(entries[at].ticket)
        ]
        tickets = [entries[at].ticket._replace(lost=lost[at]) for at in inside]
        if not tickets:
            continue
        digest = hashlib.sha256(f"{seed}|{one.number}".encode()).digest()
        taken = rules.draw(digest, tickets, one.slots, one.adjacent_minutes).taken
        given = sum(map(len, taken.values()))
        total = sum(min(1 + ticket.lost, 13) for ticket in tickets)
        served = set()
        for position, at in enumerate(inside):
            group = entries[at].group
            weights[group] += given * min(1 + lost[at], 13) / total
            if position in taken:
                served.add(at)
                places[group] += len(taken[position])
                won[group] += entries[at].in_time(one.drawn_at, pay_until(one, taken[position]))
            else:
                lost[at] += 1
        standing = [at for at in standing if at not in served]
    return won, places, weights
