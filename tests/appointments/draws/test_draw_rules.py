"""What every draw must keep, whatever the slots and tickets."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import asdict, replace
from datetime import date

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from appointments.domain import draw as rules
from appointments.domain.commitment import (
    ListHeader,
    MalformedRecordError,
    Slot,
    Ticket,
    canonical,
    list_hash,
    list_lines,
    read_list,
    weight,
)
from tests.appointments.draws import naive

MONDAY = date(2026, 12, 7).toordinal()
HEADER = ListHeader(
    adjacent_minutes=30,
    chain="demonstration",
    commitment="0" * 64,
    draw="7",
    genesis=0,
    kind="drawn",
    period=0,
    policy=1,
    previous="",
    published_at="2026-11-23T10:00:00Z",
    round=0,
    service="dz-alg/c-tour",
    slots=0,
    source="demonstration",
    tickets=0,
)
days = st.integers(MONDAY, MONDAY + 9)
minutes = st.integers(32, 40).map(lambda quarter: quarter * 15)


@st.composite
def slot_lists(draw: st.DrawFn) -> list[Slot]:
    rows = draw(st.lists(st.tuples(days, minutes, st.integers(1, 3), st.booleans()), max_size=25))
    return [Slot(number, *row) for number, row in enumerate(rows, start=1)]


@st.composite
def ticket_lists(draw: st.DrawFn) -> list[Ticket]:
    names = draw(st.lists(st.integers(0, 2**128 - 1).map(lambda n: f"{n:032x}"), max_size=14, unique=True))
    tickets = []
    for name in sorted(names):
        first, last = sorted(draw(st.tuples(days, days)))
        earliest, latest = sorted(draw(st.tuples(minutes, minutes)))
        size = draw(st.sampled_from((1, 1, 1, 2, 3, 4)))
        lost, urgent = draw(st.integers(0, 30)), draw(st.booleans())
        weekdays = draw(st.sampled_from((127, 31, 5, 64)))
        tickets.append(Ticket(name, size, lost, urgent, first, last, weekdays, earliest, latest))
    return tickets


seeds = st.binary(min_size=32, max_size=32)


def by_ticket(tickets: list[Ticket], taken: dict[int, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {tickets[position].ticket: slots for position, slots in taken.items()}


@effort(max_examples=150, deadline=None)
@given(seeds, slot_lists(), ticket_lists(), st.sampled_from((15, 30, 60)))
def test_the_fast_draw_is_the_plain_one(seed: bytes, slots: list[Slot], tickets: list[Ticket], gap: int) -> None:
    outcome = rules.draw(seed, tickets, slots, gap)
    assert [tickets[position] for position in outcome.order] == naive.order(seed, tickets)
    assert by_ticket(tickets, outcome.taken) == naive.assign(seed, tickets, slots, gap)


@effort(max_examples=100, deadline=None)
@given(seeds, slot_lists(), ticket_lists())
def test_nobody_gets_two_no_slot_is_given_twice_and_none_stays_idle(
    seed: bytes, slots: list[Slot], tickets: list[Ticket]
) -> None:
    taken = rules.draw(seed, tickets, slots, 30).taken
    given_away = [slot for found in taken.values() for slot in found]
    assert len(given_away) == len(set(given_away))
    by_id = {slot.slot: slot for slot in slots}
    for position, found in taken.items():
        assert len(found) == tickets[position].size
        assert all(naive.accepts(tickets[position], by_id[slot]) for slot in found)
    free = [slot for slot in slots if slot.slot not in given_away]
    for position, ticket in enumerate(tickets):
        if position not in taken:
            assert not naive.earliest_set(ticket, free, 30)


@effort(max_examples=60, deadline=None)
@given(seeds, slot_lists(), ticket_lists(), st.randoms(use_true_random=False))
def test_the_order_of_slots_does_not_matter(seed, slots, tickets, shuffler) -> None:  # type: ignore[no-untyped-def]
    mixed = list(slots)
    shuffler.shuffle(mixed)
    assert rules.draw(seed, tickets, slots, 30) == rules.draw(seed, tickets, mixed, 30)


@effort(max_examples=60, deadline=None)
@given(slot_lists(), ticket_lists())
def test_a_list_reads_back_as_it_was_and_each_line_is_canonical(slots: list[Slot], tickets: list[Ticket]) -> None:
    header = replace(HEADER, slots=len(slots), tickets=len(tickets))
    lines = list(list_lines(header, slots, tickets))
    assert all(canonical(json.loads(line)).encode() + b"\n" == line for line in lines)
    assert list_hash(lines) == hashlib.sha256(b"".join(lines)).hexdigest()
    read, read_slots, read_tickets = read_list(lines)
    assert (read, read_slots, list(read_tickets)) == (header, slots, tickets)


@effort(max_examples=60, deadline=None)
@given(seeds, st.text("0123456789abcdef", min_size=32, max_size=32), st.integers(1, 13))
def test_lots_are_hmac_sha_256(seed: bytes, ticket: str, lots: int) -> None:
    plain = min(hmac.digest(seed, f"{ticket}|{j}".encode(), "sha256") for j in range(1, lots + 1))
    assert rules.Lots(seed).key(ticket, lots) == plain


def test_one_changed_byte_is_another_list() -> None:
    ticket = Ticket("a" * 32, 1, 0, False, MONDAY, MONDAY, 127, 0, 1439)
    header = replace(HEADER, slots=1, tickets=1)
    hashes = {
        list_hash(list_lines(changed, [slot], [one]))
        for changed, slot, one in (
            (header, Slot(1, MONDAY, 540, 1, False), ticket),
            (replace(header, policy=2), Slot(1, MONDAY, 540, 1, False), ticket),
            (header, Slot(1, MONDAY, 541, 1, False), ticket),
            (header, Slot(1, MONDAY, 540, 1, False), ticket._replace(lost=1)),
        )
    }
    assert len(hashes) == 4


@pytest.mark.parametrize("wrong", ["twice", "order", "count", "slot twice"])
def test_lists_that_the_protocol_forbids_are_not_written(wrong: str) -> None:
    one = Ticket("a" * 32, 1, 0, False, MONDAY, MONDAY, 127, 0, 1439)
    two = one._replace(ticket="b" * 32)
    tickets = {"twice": [one, one], "order": [two, one], "count": [one], "slot twice": [one, two]}[wrong]
    slots = [Slot(1, MONDAY, 540, 1, False)] * (2 if wrong == "slot twice" else 1)
    header = replace(HEADER, slots=len(slots), tickets=2)
    with pytest.raises(MalformedRecordError):
        list(list_lines(header, slots, tickets))


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_list_that_lacks_lines_is_refused_with_the_place(cut: int) -> None:
    ticket = Ticket("a" * 32, 1, 0, False, MONDAY, MONDAY, 127, 0, 1439)
    lines = list(list_lines(replace(HEADER, slots=1, tickets=1), [Slot(1, MONDAY, 540, 1, False)], [ticket]))
    with pytest.raises(MalformedRecordError, match=["first line", "Slot line 1", "Ticket line 1"][cut]):
        list(read_list(lines[:cut])[2])
    with pytest.raises(MalformedRecordError, match="lines after the last ticket"):
        list(read_list([*lines, b"{}\n"])[2])


def test_a_family_sits_together_or_not_at_all() -> None:
    slots = [Slot(1, MONDAY, 540, 1, False), Slot(2, MONDAY, 600, 1, False), Slot(3, MONDAY + 1, 540, 1, False)]
    family = Ticket("a" * 32, 2, 0, False, MONDAY, MONDAY + 5, 127, 0, 1439)
    assert rules.draw(b"s" * 32, [family], slots, 30).taken == {}
    slots.append(Slot(4, MONDAY + 1, 540, 2, False))
    assert rules.draw(b"s" * 32, [family], slots, 30).taken == {0: (3, 4)}


def test_weights_grow_by_one_and_stop_at_thirteen() -> None:
    assert [weight(lost) for lost in (0, 1, 11, 12, 13, 500)] == [1, 2, 12, 13, 13, 13]


def test_the_header_has_the_members_of_the_protocol() -> None:
    text = (settings.BASE_DIR / "docs" / "draw-protocol.md").read_text()
    members = re.findall(
        r"^\| `([a-z_]+)` \|",
        text[text.index("Line 1 is the header") : text.index("slot lines, strictly")],
        re.MULTILINE,
    )
    assert sorted(asdict(HEADER)) == members
