"""The list that is published before the randomness exists: its lines, its bytes, its hash M.

The byte format is docs/draw-protocol.md, sections 2 and 3. Lines of a million tickets are written and read
one at a time: nothing here needs the whole list in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import NamedTuple

PROTOCOL = "v1"
WEIGHT_CAP = 13
DEMONSTRATION = "demonstration"


class MalformedRecordError(ValueError):
    """A list that was not written by this protocol; the text names the line and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHeader:
    """First line of the list; the fields are those of the protocol's section 3."""

    adjacent_minutes: int
    chain: str
    commitment: str
    draw: str
    genesis: int
    kind: str
    period: int
    policy: int
    previous: str
    published_at: str
    round: int
    service: str
    slots: int
    source: str
    tickets: int
    part: str = "list"
    protocol: str = PROTOCOL


class Slot(NamedTuple):
    """A slot in a draw. `day` is a proleptic ordinal (date.toordinal), `time` minutes after local midnight."""

    slot: int
    day: int
    time: int
    counter: int
    urgent: bool


class Ticket(NamedTuple):
    """One person or one family in a draw.

    `first_day`, `last_day` are ordinals, `earliest`, `latest` minutes after local midnight, all inclusive;
    `weekdays` has bit 0 for Monday.
    """

    ticket: str
    size: int
    lost: int
    urgent: bool
    first_day: int
    last_day: int
    weekdays: int
    earliest: int
    latest: int


def weight(draws_lost: int) -> int:
    """Number of lots a ticket holds: one more for each draw lost, at most 13."""
    return min(1 + draws_lost, WEIGHT_CAP)


def adjacent_minutes(duration_minutes: int) -> int:
    """How far apart the starts of two neighbouring slots of a family may lie, for a service's slot length."""
    return max(30, 2 * duration_minutes)


def canonical(value: object) -> str:
    """JSON with sorted names and no white space; for the ASCII values of the protocol this spelling is unique."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class _Days(dict[int, str]):
    """Ordinal -> YYYY-MM-DD, computed once for each day."""

    def __missing__(self, ordinal: int) -> str:
        text = self[ordinal] = date.fromordinal(ordinal).isoformat()
        return text


class _Ordinals(dict[str, int]):
    """YYYY-MM-DD -> ordinal, computed once for each day."""

    def __missing__(self, text: str) -> int:
        ordinal = self[text] = date.fromisoformat(text).toordinal()
        return ordinal


def _quota(urgent: bool) -> str:
    return "urgent" if urgent else "ordinary"


def list_lines(header: ListHeader, slots: Iterable[Slot], tickets: Iterable[Ticket]) -> Iterator[bytes]:
    """The lines of the list, each with its line end, in the order of the protocol.

    Slots and tickets ascend strictly by id.

    Raises:
        MalformedRecordError: not ascending (so also: twice the same), or not as many as the header says.
    """
    days = _Days()
    yield canonical(asdict(header)).encode("ascii") + b"\n"
    count, before_slot = 0, 0
    for slot, day, time, counter, urgent in slots:
        if slot <= before_slot:
            raise MalformedRecordError(f"Slot {slot} stands twice in the list or out of order.")
        before_slot, count = slot, count + 1
        text = f'{{"counter":{counter},"day":"{days[day]}","quota":"{_quota(urgent)}","slot":{slot},"time":{time}}}\n'
        yield text.encode("ascii")
    if count != header.slots:
        raise MalformedRecordError(f"The list has {count} slots, its header says {header.slots}.")
    count, before_ticket = 0, ""
    for ticket, size, lost, urgent, first, last, weekdays, earliest, latest in tickets:
        if ticket <= before_ticket:
            raise MalformedRecordError(f"Ticket {ticket} stands twice in the list or out of order.")
        before_ticket, count = ticket, count + 1
        text = (
            f'{{"earliest":{earliest},"first_day":"{days[first]}","last_day":"{days[last]}","latest":{latest},'
            f'"lost":{lost},"quota":"{_quota(urgent)}","size":{size},"ticket":"{ticket}",'
            f'"weekdays":{weekdays},"weight":{min(1 + lost, WEIGHT_CAP)}}}\n'
        )
        yield text.encode("ascii")
    if count != header.tickets:
        raise MalformedRecordError(f"The list has {count} tickets, its header says {header.tickets}.")


def list_hash(lines: Iterable[bytes]) -> str:
    """M: SHA-256 of the bytes of the list, hexadecimal."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def read_list(lines: Iterable[bytes]) -> tuple[ListHeader, list[Slot], Iterator[Ticket]]:
    """Take a committed list apart again: the draw works from these bytes, never from today's tables.

    Returns the header, the slots, and the tickets one by one.

    Raises:
        MalformedRecordError: a line is missing or does not fit (for tickets: while they are being read).
    """
    source = iter(lines)
    try:
        header = ListHeader(**json.loads(next(source)))
    except (StopIteration, TypeError, ValueError) as error:
        raise MalformedRecordError("The first line of the list is not a header of this protocol.") from error
    if header.part != "list" or header.protocol != PROTOCOL:
        raise MalformedRecordError(f"This is not a list of protocol {PROTOCOL}.")
    ordinals = _Ordinals()
    slots = [_read_slot(source, number, ordinals) for number in range(header.slots)]
    return header, slots, _read_tickets(source, header.tickets, ordinals)


def _read_slot(source: Iterator[bytes], number: int, ordinals: _Ordinals) -> Slot:
    try:
        line = json.loads(next(source))
        return Slot(line["slot"], ordinals[line["day"]], line["time"], line["counter"], line["quota"] == "urgent")
    except (StopIteration, KeyError, TypeError, ValueError) as error:
        raise MalformedRecordError(f"Slot line {number + 1} of the list is missing or malformed.") from error


def _read_tickets(source: Iterator[bytes], count: int, ordinals: _Ordinals) -> Iterator[Ticket]:
    loads = json.loads
    number = 0
    try:
        for number in range(count):  # noqa: B007 - named in the message below
            line = loads(next(source))
            yield Ticket(
                line["ticket"],
                line["size"],
                line["lost"],
                line["quota"] == "urgent",
                ordinals[line["first_day"]],
                ordinals[line["last_day"]],
                line["weekdays"],
                line["earliest"],
                line["latest"],
            )
    except (StopIteration, KeyError, TypeError, ValueError) as error:
        raise MalformedRecordError(f"Ticket line {number + 1} of the list is missing or malformed.") from error
    if next(source, None) is not None:
        raise MalformedRecordError("There are lines after the last ticket of the list.")
