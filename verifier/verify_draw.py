#!/usr/bin/env python3
"""Checks the public record of a draw: the same list and the same randomness must give the same result.

    python3 verify_draw.py RECORD [--ticket ID]

Exit 0: the record is right. Exit 1: it is not, with the first thing that is wrong.
Standard library only, Python 3.9 or later; reads one file, writes nothing, needs no network.
The rules it follows are those of `draw-protocol.md`; "section" in the comments means a section of that text.

Reading guide: 1 how a line must be spelled; 2 reading the list (part A); 3 the round; 4 the order;
5 who takes what; 6 comparing with the published result (part B); 7 telling people.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, BinaryIO, NamedTuple

# The only chain that section 4 admits: drand's "quicknet".
QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
QUICKNET_GENESIS, QUICKNET_PERIOD = 1692803367, 3  # seconds since 1970; seconds
MIN_WAIT = 120  # seconds between the publication of the list and the round
MAX_WEIGHT = 13
MAX_NUMBER = 2**53 - 1
MAX_LINE = 2**20  # bytes; a longer line cannot be meant seriously


class Wrong(Exception):  # noqa: N818 - what is wrong with the record, as one sentence
    """The first thing that is wrong with the record, in one sentence."""


# --- 1. Spelling (section 2) ------------------------------------------------------------------------------------
# Each line has exactly one spelling, so a line either matches the pattern of its shape or is refused.


class Kind(NamedTuple):
    """What a member of a line may be: a pattern, the same in words, and how to read what matched."""

    pattern: str
    words: str
    read: Callable[[str], Any]  # raises ValueError for what the pattern alone cannot exclude (2026-02-30)


def whole(low: int = 0, high: int = MAX_NUMBER) -> Kind:
    """Return the kind of integers from low to high, in decimal without sign or leading zero."""

    def read(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return Kind("(0|[1-9][0-9]{0,15})", f"an integer from {low} to {high}", read)


def string(pattern: str, words: str, read: Callable[[str], str] = str) -> Kind:
    """Return the kind of strings that match the pattern."""
    return Kind(f'"({pattern})"', words, read)


@lru_cache(maxsize=100_000)
def read_day(text: str) -> str:
    """Return the day as it is spelled (such days compare like dates), if the calendar has it."""
    date(int(text[:4]), int(text[5:7]), int(text[8:]))  # ValueError if it does not
    return text


def read_numbers(text: str) -> list[int]:
    """Return the numbers of an array."""
    return [whole().read(number) for number in text.split(",")] if text else []


def read_instant(text: str) -> str:
    """Return the instant as it is spelled, if the calendar has it."""
    read_day(text[:10])
    return text


DAY_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
HASH = string("[0-9a-f]{64}", "64 characters 0-9a-f")
HASH_OR_EMPTY = string("[0-9a-f]{64}|", "64 characters 0-9a-f, or empty")
TEXT = string(r"[ !#-\[\]-~]*", 'printable ASCII without " and \\')
DAY = string(DAY_PATTERN, "a day, YYYY-MM-DD", read_day)
INSTANT = string(
    DAY_PATTERN + "T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}Z", "an instant, YYYY-MM-DDTHH:MM:SSZ", read_instant
)
MINUTE = whole(0, 1439)
QUOTA = string("ordinary|urgent", "ordinary or urgent")
TICKET_ID = string("[0-9a-f]{32}", "32 characters 0-9a-f")
DRAW_NAME = string("[A-Za-z0-9._-]{1,64}", "1 to 64 characters A-Z a-z 0-9 - _ .")
SLOT_NUMBERS = Kind(r"\[((?:[1-9][0-9]{0,15}(?:,[1-9][0-9]{0,15})*)?)\]", "an array of slot numbers", read_numbers)


class Shape:
    """One of the five kinds of line: its members in the order in which they must stand."""

    def __init__(self, name: str, **members: Kind) -> None:
        """Name the shape for messages and build the pattern that matches its lines and nothing else."""
        self.name, self.members = name, members
        self.to_read = [(m, kind) for m, kind in members.items() if kind.read is not str]
        self.pieces = [(("," if i else "{") + f'"{m}":', members[m]) for i, m in enumerate(members)]
        self.pattern = re.compile("".join(lead + kind.pattern for lead, kind in self.pieces) + "}\n")

    def first_misspelling(self, line: str) -> str:
        """Return where a line that does not match leaves the pattern."""
        at = 0
        for lead, kind in self.pieces:
            match = re.compile(lead + kind.pattern).match(line, at)
            if not match:
                return f"at character {at + 1} it says {line[at : at + 50]!a}, it should say {lead}({kind.words})"
            at = match.end()
        return f"at character {at + 1} it says {line[at : at + 50]!a}, it should end there with }}"


LIST_HEADER = Shape(
    "header of the list",
    adjacent_minutes=whole(),
    chain=TEXT,
    commitment=HASH_OR_EMPTY,
    draw=DRAW_NAME,
    genesis=whole(),
    kind=string("drawn|standby", "drawn or standby"),
    part=string("list", "list"),
    period=whole(),
    policy=whole(),
    previous=HASH_OR_EMPTY,
    protocol=string("v1", "v1"),
    published_at=INSTANT,
    round=whole(),
    service=TEXT,
    slots=whole(),
    source=string("drand|demonstration", "drand or demonstration"),
    tickets=whole(),
)
SLOT = Shape("slot", counter=whole(), day=DAY, quota=QUOTA, slot=whole(1), time=MINUTE)
TICKET = Shape(
    "ticket",
    earliest=MINUTE,
    first_day=DAY,
    last_day=DAY,
    latest=MINUTE,
    lost=whole(),
    quota=QUOTA,
    size=whole(1),
    ticket=TICKET_ID,
    weekdays=whole(0, 127),
    weight=whole(1, MAX_WEIGHT),
)
RESULT_HEADER = Shape(
    "header of the result",
    draw=DRAW_NAME,
    list_hash=HASH,
    part=string("result", "result"),
    randomness=HASH,
    seed=HASH,
    served=whole(),
    signature=string("(?:[0-9a-f]{2})*", "an even number of characters 0-9a-f"),
    unserved=whole(),
)
OUTCOME = Shape("outcome", slots=SLOT_NUMBERS, ticket=TICKET_ID)


class Record:
    """The file, read line by line; knows the number of the line it is at and the hash of all it has read."""

    def __init__(self, file: BinaryIO) -> None:
        """Start at the first byte of an open file."""
        self.file, self.number, self.sha256 = file, 0, hashlib.sha256()

    def next_line(self, expected: str) -> str:
        """Return the next line as text, or complain that the file ends although `expected` should follow."""
        raw = self.file.readline(MAX_LINE)
        if not raw:
            raise Wrong(f"The file ends after line {self.number}, where {expected} should follow: it is cut short.")
        self.number += 1
        if not raw.endswith(b"\n"):
            fault = "is absurdly long" if len(raw) == MAX_LINE else "has no line end: the file is cut short"
            raise Wrong(f"Line {self.number} ({expected}) {fault}.")
        self.sha256.update(raw)
        try:
            return raw.decode("ascii")
        except UnicodeDecodeError as error:
            byte, column = raw[error.start], error.start + 1
            raise Wrong(f"Line {self.number} has the byte 0x{byte:02X} at character {column}: not ASCII.") from None

    def members(self, shape: Shape, expected: str) -> dict[str, Any]:
        """Read the next line, which must have this shape, and return its members."""
        return self.parse(self.next_line(expected), shape, expected)

    def parse(self, line: str, shape: Shape, expected: str) -> dict[str, Any]:
        """Return the members of a line that must have this shape."""
        match = shape.pattern.fullmatch(line)
        if not match:
            for other in (LIST_HEADER, SLOT, TICKET, RESULT_HEADER, OUTCOME):
                if other.pattern.fullmatch(line):
                    raise Wrong(f"Line {self.number} is a line of the kind '{other.name}', it should be {expected}.")
            raise Wrong(f"Line {self.number} ({expected}) is misspelled: {shape.first_misspelling(line)}.")
        values = dict(zip(shape.members, match.groups()))  # noqa: B905 - zip's strict= came after Python 3.9
        for name, kind in shape.to_read:
            try:
                values[name] = kind.read(values[name])
            except ValueError:
                raise self.wrong(name, values[name], kind.words) from None
        return values

    def wrong(self, member: str, says: object, should: object, why: str = "") -> Wrong:
        """Return the complaint that a member of the line just read says something else than it should."""
        says, should = (value if value != "" else "nothing" for value in (says, should))
        return Wrong(f"Line {self.number}: {member} says {says}, it should say {should}{why}.")

    def must_say(self, line: dict[str, Any], why: str = "", **should: object) -> None:
        """Complain unless these members of the line just read say what they should."""
        for name, value in should.items():
            if line[name] != value:
                raise self.wrong(name, line[name], value, why)


# --- 2. The list (section 3) ------------------------------------------------------------------------------------


class Slot(NamedTuple):
    """A slot. The fields stand in the order of the natural order (section 6), so sorting slots gives it."""

    day: str
    time: int
    counter: int
    slot: int
    quota: str


class Wish(NamedTuple):
    """What a ticket asks for."""

    size: int
    first_day: str
    last_day: str
    weekdays: int
    earliest: int
    latest: int
    quota: str

    def accepts(self, slot: Slot) -> bool:
        """Section 6, word for word."""
        weekday = date.fromisoformat(slot.day).weekday()  # Monday is 0
        return (
            self.first_day <= slot.day <= self.last_day
            and bool(self.weekdays >> weekday & 1)
            and self.earliest <= slot.time <= self.latest
        )


class Tickets:
    """All tickets, in three parallel lists to spare memory: a million of them must fit a small computer."""

    def __init__(self) -> None:
        """Start without tickets."""
        self.ids: list[str] = []
        self.weights: list[int] = []
        self.wishes: list[Wish] = []


def read_list(record: Record) -> tuple[dict[str, Any], list[Slot], Tickets, str]:
    """Read part A and return its header, slots (in natural order), tickets and hash M."""
    header = record.members(LIST_HEADER, "the header of the list")
    check_round(record, header)
    slots, last = [], 0
    for i in range(1, header["slots"] + 1):
        line = record.members(SLOT, f"slot {i} of {header['slots']}")
        if line["slot"] <= last:
            fault = "stands twice" if line["slot"] == last else f"comes after slot {last}: the order is wrong"
            raise Wrong(f"Line {record.number}: slot {line['slot']} {fault}.")
        last = line["slot"]
        slots.append(Slot(**line))
    tickets, previous = Tickets(), ""
    same: dict[Wish, Wish] = {}
    for i in range(1, header["tickets"] + 1):
        line = record.members(TICKET, f"ticket {i} of {header['tickets']}")
        if line["ticket"] <= previous:
            fault = "stands twice" if line["ticket"] == previous else f"comes after {previous}: the order is wrong"
            raise Wrong(f"Line {record.number}: ticket {line['ticket']} {fault}.")
        previous = line["ticket"]
        weight = min(1 + line["lost"], MAX_WEIGHT)
        if line["weight"] != weight:
            raise record.wrong("weight", line["weight"], weight, f" (1 + {line['lost']} lost, at most {MAX_WEIGHT})")
        wish = Wish._make(map(line.__getitem__, Wish._fields))
        tickets.ids.append(previous)
        tickets.weights.append(weight)
        tickets.wishes.append(same.setdefault(wish, wish))  # equal wishes are kept once
    return header, sorted(slots), tickets, record.sha256.hexdigest()


# --- 3. The round (section 4), or the commitment of a demonstration (section 8) -----------------------------------


def seconds_since_1970(instant: str) -> int:
    """Return the seconds from 1970-01-01T00:00:00Z to an instant."""
    days = date.fromisoformat(instant[:10]).toordinal() - date(1970, 1, 1).toordinal()
    return days * 86400 + int(instant[11:13]) * 3600 + int(instant[14:16]) * 60 + int(instant[17:19])


def instant_of(seconds: int) -> str:
    """Return the instant that many seconds after 1970-01-01T00:00:00Z."""
    days, rest = divmod(seconds, 86400)
    ordinal = date(1970, 1, 1).toordinal() + days
    day = date.fromordinal(ordinal).isoformat() if ordinal <= date.max.toordinal() else "10000-01-01"
    return f"{day}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def check_round(record: Record, header: dict[str, Any]) -> None:
    """Complain unless the header names a known chain and the first round at least 120 seconds after the list."""
    if header["source"] == "demonstration":
        record.must_say(header, " in a demonstration", chain="demonstration", genesis=0, period=0, round=0)
        if not header["commitment"]:
            raise record.wrong("commitment", "", HASH.words)
        return
    record.must_say(header, chain=QUICKNET, commitment="", genesis=QUICKNET_GENESIS, period=QUICKNET_PERIOD)
    wait = seconds_since_1970(header["published_at"]) + MIN_WAIT - QUICKNET_GENESIS
    first = max(1, -(-wait // QUICKNET_PERIOD) + 1)  # -(-a // b) is a / b rounded up, in integers
    record.must_say(header, f" (the first round {MIN_WAIT} seconds after {header['published_at']})", round=first)


def check_randomness(record: Record, header: dict[str, Any], result: dict[str, Any]) -> None:
    """Complain unless randomness is the SHA-256 of a signature of the right length (and of the promised one)."""
    signature = result["signature"]
    demonstration = header["source"] == "demonstration"
    if len(signature) != (64 if demonstration else 96):
        raise record.wrong("signature", f"{len(signature)} characters", 64 if demonstration else 96)
    randomness = hashlib.sha256(bytes.fromhex(signature)).hexdigest()
    record.must_say(result, ", the SHA-256 of the signature", randomness=randomness)
    promised = hashlib.sha256(f"demonstration|{signature}".encode()).hexdigest()
    if demonstration and header["commitment"] != promised:
        raise record.wrong("signature", signature, f"the bytes committed to as {header['commitment']}")


# --- 4. The order (section 5) -----------------------------------------------------------------------------------


def draw_order(tickets: Tickets, seed: bytes) -> list[int]:
    """Return the tickets, as indices into the list, in the order of the draw."""
    keyed = hmac.new(seed, digestmod="sha256")

    def lot(text: str) -> bytes:
        copy = keyed.copy()
        copy.update(text.encode())
        return copy.digest()

    def key(i: int) -> bytes:
        return min(lot(f"{tickets.ids[i]}|{j}") for j in range(1, tickets.weights[i] + 1))

    # sorted() keeps the order of the list, which is by ticket id, where two keys are equal.
    return sorted(range(len(tickets.ids)), key=key)


# --- 5. Who takes what (sections 6 and 7) -----------------------------------------------------------------------
# Slots of one day that begin at the same minute are accepted together or not at all, and are always taken from the
# front. So the free slots of a day are kept as one pile for each minute, and a run is looked for among the piles.
#
# Free slots only ever become fewer, and a day that holds no set for a ticket holds none later either: taking slots
# away can widen a gap of a run but not close one. So, for each size and hours, the days found without a set are
# remembered and skipped: this changes the time it takes (minutes instead of days), never the result.


class Board:
    """The free slots of one phase."""

    def __init__(self, slots: list[Slot], adjacent_minutes: int) -> None:
        """Pile up slots, which are given in natural order."""
        self.adjacent_minutes = adjacent_minutes
        self.days: list[str] = []
        self.weekdays: list[int] = []  # 1 Monday, 2 Tuesday, 4 Wednesday ...
        self.piles: list[list[tuple[int, list[Slot]]]] = []  # for each day: (minute, free slots, the first one last)
        for day, of_day in groupby(slots, key=attrgetter("day")):
            self.days.append(day)
            self.weekdays.append(1 << date.fromisoformat(day).weekday())
            self.piles.append([(minute, list(pile)[::-1]) for minute, pile in groupby(of_day, key=attrgetter("time"))])
        self.times = sorted({minute for piles in self.piles for minute, _ in piles})
        self.without_set: dict[tuple[int, int, int], dict[int, int]] = {}  # size and hours -> day -> next day to try

    def take_earliest_set(self, wish: Wish) -> list[Slot]:
        """Take the earliest set for a wish off the board; empty if there is none."""
        # Equal hours are those that let the same minutes through.
        hours = bisect_left(self.times, wish.earliest), bisect_right(self.times, wish.latest)
        skip = self.without_set.setdefault((wish.size, *hours), {})
        day, end = bisect_left(self.days, wish.first_day), bisect_right(self.days, wish.last_day)
        while True:
            start = day
            while day in skip:
                day = skip[day]
            if start != day:
                skip[start] = day
            if day >= end:
                return []
            if wish.weekdays & self.weekdays[day]:
                taken = self.take_first_run(self.piles[day], wish)
                if taken:
                    return taken
                skip[day] = day + 1
            day += 1

    def take_first_run(self, piles: list[tuple[int, list[Slot]]], wish: Wish) -> list[Slot]:
        """Take the first adjacent run of a day; empty if there is none."""
        run: list[list[Slot]] = []
        length = last = 0
        for minute, pile in piles:
            if not pile or not wish.earliest <= minute <= wish.latest:
                continue
            if run and minute - last > self.adjacent_minutes:
                run, length = [], 0
            run.append(pile)
            length, last = length + len(pile), minute
            if length >= wish.size:
                taken: list[Slot] = []
                for pile_of_run in run:
                    while pile_of_run and len(taken) < wish.size:
                        taken.append(pile_of_run.pop())
                return taken
        return []


def assign(slots: list[Slot], tickets: Tickets, order: list[int], adjacent_minutes: int) -> dict[int, list[Slot]]:
    """Return what each ticket takes; a ticket that is absent has lost."""
    given: dict[int, list[Slot]] = {}
    board = Board([slot for slot in slots if slot.quota == "urgent"], adjacent_minutes)
    for ticket in order:  # phase 1
        wish = tickets.wishes[ticket]
        if wish.quota == "urgent" and (taken := board.take_earliest_set(wish)):
            given[ticket] = taken
    gone = {slot.slot for taken in given.values() for slot in taken}
    board = Board([slot for slot in slots if slot.slot not in gone], adjacent_minutes)
    for ticket in order:  # phase 2
        if ticket not in given and (taken := board.take_earliest_set(tickets.wishes[ticket])):
            given[ticket] = taken
    return given


# --- 6. The published result (section 9) ------------------------------------------------------------------------


class Draw(NamedTuple):
    """A record that is right."""

    header: dict[str, Any]
    list_hash: str
    slots: list[Slot]
    tickets: Tickets
    result: dict[str, Any]
    order: list[int]
    given: dict[int, list[Slot]]


def outcome(tickets: Tickets, given: dict[int, list[Slot]], ticket: int) -> tuple[list[int], str]:
    """Return the slot numbers that a ticket must have in part B, and its id."""
    return [slot.slot for slot in given.get(ticket, ())], tickets.ids[ticket]


def verify(file: BinaryIO) -> Draw:
    """Check a whole record. Raises Wrong at the first thing that is wrong."""
    record = Record(file)
    header, slots, tickets, list_hash = read_list(record)
    result = record.members(RESULT_HEADER, f"the result of the draw of this complete list (M = {list_hash})")
    record.must_say(result, ", as the header of the list", draw=header["draw"])
    record.must_say(result, ", the SHA-256 of the list in this file", list_hash=list_hash)
    check_randomness(record, header, result)
    seed = hashlib.sha256(f"v1|{header['draw']}|{list_hash}|{result['randomness']}".encode())
    record.must_say(result, seed=seed.hexdigest())

    order = draw_order(tickets, seed.digest())
    given = assign(slots, tickets, order, header["adjacent_minutes"])
    record.must_say(result, served=len(given), unserved=len(order) - len(given))
    for place in range(len(order)):
        numbers, ticket = outcome(tickets, given, order[place])
        line = record.next_line(f"place {place + 1} of {len(order)} in the order")
        if line != f'{{"slots":[{",".join(map(str, numbers))}],"ticket":"{ticket}"}}\n':
            raise wrong_outcome(record, line, tickets, given, order, place)
    if record.file.read(1):
        raise Wrong(f"Something follows after line {record.number}, the last one of the record.")
    return Draw(header, list_hash, slots, tickets, result, order, given)


def wrong_outcome(
    record: Record, line: str, tickets: Tickets, given: dict[int, list[Slot]], order: list[int], place: int
) -> Wrong:
    """Return what is wrong with a line of part B; all lines before it are right."""
    says = record.parse(line, OUTCOME, f"place {place + 1} of {len(order)} in the order")
    numbers, ticket = outcome(tickets, given, order[place])
    before = [outcome(tickets, given, i) for i in order[:place]]
    where = f"Line {record.number} (place {place + 1})"
    if says["ticket"] in {earlier for _, earlier in before}:
        return Wrong(f"{where}: ticket {says['ticket']} stands twice in the result.")
    if says["ticket"] not in set(tickets.ids):
        return Wrong(f"{where}: ticket {says['ticket']} is not in the list.")
    if says["ticket"] != ticket:
        return Wrong(f"{where}: the order is wrong, it says ticket {says['ticket']}, it should say {ticket}.")
    twice = {number for earlier, _ in before for number in earlier} & set(says["slots"])
    if twice or len(set(says["slots"])) < len(says["slots"]):
        return Wrong(f"{where}: a slot is given twice: {says['slots']}, it should say {numbers}.")
    return Wrong(f"{where}: ticket {ticket} is said to take slots {says['slots']}, it should take {numbers}.")


# --- 7. Telling people ------------------------------------------------------------------------------------------


def clock(slot: Slot) -> str:
    """Return a slot in words."""
    return f"{slot.day} {slot.time // 60:02}:{slot.time % 60:02} counter {slot.counter} (slot {slot.slot})"


def summary(draw: Draw) -> str:
    """Return what the check has shown, and what is left for the reader to compare."""
    header, result = draw.header, draw.result
    places = sum(len(taken) for taken in draw.given.values())
    if header["source"] == "demonstration":
        title = (
            "*** DEMONSTRATION, NOT VERIFIABLE ***\n"
            "The arithmetic of this record is right, but whoever ran the draw knew its randomness\n"
            "before the list was closed. It proves nothing about fairness."
        )
        source = "  randomness   demonstration, not verifiable: there is nothing to compare it with"
    else:
        at = instant_of(QUICKNET_GENESIS + (header["round"] - 1) * QUICKNET_PERIOD)
        title = (
            "VERIFIED: the result follows from this list and this randomness.\n"
            "Two comparisons are left to you: the hash M and the randomness (below)."
        )
        source = f"""\
  randomness   {result["randomness"]}
  signature    {result["signature"]}
               Round {header["round"]} of drand's chain {header["chain"]} (quicknet),
               produced at {at}. Compare both with any relay of this chain, for example
               https://api.drand.sh/{header["chain"]}/public/{header["round"]}
               The signature itself (BLS12-381) is not checked here: any drand client does that."""
    return f"""\
{title}

  draw         {header["draw"]} ({header["kind"]}, policy {header["policy"]})
  service      {header["service"]}
  list closed  {header["published_at"]}, {header["slots"]} slots, {header["tickets"]} tickets
  list hash M  {draw.list_hash}
               Compare it with the one in a letter that a participant got before the randomness existed.
  draw before  {header["previous"] or "none, this is the first"}
{source}
  result       {len(draw.given)} tickets served with {places} slots, {len(draw.order) - len(draw.given)} without"""


def winners(draw: Draw, limit: int = 10) -> str:
    """Return the first winners in the order of the draw."""
    lines = [
        f"  {place:>11}. {draw.tickets.ids[ticket]}  {clock(draw.given[ticket][0])}"
        + (f" and {len(draw.given[ticket]) - 1} more" if len(draw.given[ticket]) > 1 else "")
        for place, ticket in enumerate(draw.order, 1)
        if ticket in draw.given
    ]
    more = [f"               and {len(lines) - limit} more: they stand in the record"] if len(lines) > limit else []
    return "\n".join(lines[:limit] + more)


def story(draw: Draw, ticket_id: str) -> str:
    """Return what happened to one ticket. Raises Wrong if it is not in the list."""
    ids = draw.tickets.ids
    i = bisect_left(ids, ticket_id)
    if i == len(ids) or ids[i] != ticket_id:
        raise Wrong(f"The record is right, but ticket {ticket_id!a} is not in its list.")
    wish, weight = draw.tickets.wishes[i], draw.tickets.weights[i]
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    weekdays = " ".join(name for k, name in enumerate(names) if wish.weekdays >> k & 1)
    fitting = sum(wish.accepts(slot) for slot in draw.slots)
    text = f"""\
Ticket {ticket_id}: {wish.size} person(s), {wish.quota}, weight {weight} \
of {sum(draw.tickets.weights)} in all
  wished for   {wish.first_day} to {wish.last_day}, {wish.earliest // 60:02}:{wish.earliest % 60:02} to \
{wish.latest // 60:02}:{wish.latest % 60:02},
               {weekdays or "no day of the week"}: accepts {fitting} of {len(draw.slots)} slots
  its turn     place {draw.order.index(i) + 1} of {len(ids)}
"""
    if i in draw.given:
        return text + "\n".join(f"  took         {clock(slot)}" for slot in draw.given[i])
    need = "none of these" if wish.size == 1 else f"no {wish.size} adjacent ones of these"
    return text + f"  lost         when its turn came, {need} were left"


def main() -> int:
    """Check the record named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Checks the public record of a draw. Exit 0 if right, 1 if not.")
    parser.add_argument("file", metavar="FILE", help="the record, as published")
    parser.add_argument("--ticket", metavar="ID", help="also say what happened to this ticket")
    arguments = parser.parse_args()
    try:
        with open(arguments.file, "rb") as file:  # noqa: PTH123 - readable by people who never saw pathlib
            draw = verify(file)
        print(summary(draw))
        print(winners(draw) if not arguments.ticket else "\n" + story(draw, arguments.ticket.strip().lower()))
    except Wrong as wrong:
        print(f"NOT VERIFIED: {wrong}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"NOT VERIFIED: the file cannot be read: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
