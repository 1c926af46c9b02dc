"""Whatever is changed in a record is refused, with the reason in one sentence."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.build import QUICKNET, SECRET, Record, sha256, slot, spell, ticket
from tests.verifier.command import run
from tests.verifier.strategies import records
from verifier import verify_draw

Lines = list[bytes]


def small(source: str = "drand") -> Record:
    """Line 1 header, 2 to 6 slots, 7 to 10 tickets, 11 header of the result, 12 to 15 outcomes."""
    slots = [slot(i, time=540 + 15 * i, quota="urgent" if i == 2 else "ordinary") for i in range(1, 6)]
    tickets = [ticket(1), ticket(2, size=2, lost=3), ticket(3, quota="urgent", latest=600), ticket(4, size=5)]
    return Record(slots, tickets, 15, source)


def refusal(data: bytes) -> str:
    """Return why the bytes are refused; empty if they are not."""
    try:
        verify_draw.verify(io.BytesIO(data))
    except verify_draw.Wrong as wrong:
        return str(wrong)
    return ""


def lines_of(record: Record) -> Lines:
    return record.bytes().splitlines(keepends=True)


RIGHT = small().bytes()


@pytest.mark.parametrize("source", ["drand", "demonstration"])
@pytest.mark.parametrize("difference", [1, 0x80])
def test_no_byte_can_be_changed(source, difference):
    right = small(source).bytes()
    assert not refusal(right)
    for i in range(len(right)):
        changed = bytearray(right)
        changed[i] ^= difference
        assert refusal(bytes(changed)), (i, bytes(changed[i - 20 : i + 20]))


@settings(max_examples=300, deadline=None)
@given(record=records(), data=st.data())
def test_no_byte_of_any_record_can_be_changed(record, data):
    right = record.bytes()
    i = data.draw(st.integers(0, len(right) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != right[i]))
    assert refusal(right[:i] + bytes([byte]) + right[i + 1 :])


@settings(max_examples=300, deadline=None)
@given(record=records(), data=st.data())
def test_no_byte_of_any_record_can_be_added_or_taken_away(record, data):
    right = record.bytes()
    i = data.draw(st.integers(0, len(right)))
    assert refusal(right[:i] + data.draw(st.binary(min_size=1, max_size=3)) + right[i:])
    assert refusal(right[:i] + right[i + data.draw(st.integers(1, 3)) :]) or i == len(right)


@settings(max_examples=200, deadline=None)
@given(record=records(), data=st.data())
def test_no_line_of_any_record_can_be_moved_doubled_or_removed(record, data):
    right = lines_of(record)
    places = st.integers(0, len(right) - 1)
    here, there = data.draw(places), data.draw(places)
    moved = right[:here] + right[here + 1 :]
    assert refusal(b"".join(moved))
    assert refusal(b"".join([*right[:here], right[there], *right[here:]]))
    moved.insert(there, right[here])
    assert refusal(b"".join(moved)) or moved == right


def test_a_file_cut_anywhere_is_refused():
    for length in range(len(RIGHT)):
        assert re.search("cut short|misspelled", refusal(RIGHT[:length])), length
    end_of_list = RIGHT.index(b'{"draw"')
    assert f"(M = {sha256(RIGHT[:end_of_list])})" in refusal(RIGHT[:end_of_list])


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200))
def test_rubbish_is_refused_without_a_crash(data):
    assert refusal(data)


def changed(number: int, **members: object) -> Callable[[], bytes]:
    """Change members of one line, and nothing else: the list's hash then no longer fits either."""

    def make() -> bytes:
        record = small()
        lines = record.lines()
        lines[number - 1] = {**lines[number - 1], **members}
        return b"".join(map(spell, lines))

    return make


def respelled(number: int, old: bytes, new: bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        lines = lines_of(small())
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)
        return b"".join(lines)

    return make


def built(source: str = "drand", **members: object) -> Callable[[], bytes]:
    """Build a record that is consistent in all but these members of its header."""

    def make() -> bytes:
        record = small(source)
        record.header = members
        return record.bytes()

    return make


def answered(source: str = "drand", **members: object) -> Callable[[], bytes]:
    """The same for the header of the result."""

    def make() -> bytes:
        record = small(source)
        record.result = members
        return record.bytes()

    return make


def signed(signature: str, source: str = "drand") -> Callable[[], bytes]:
    """Build a record that is consistent but for its signature."""

    def make() -> bytes:
        record = small(source)
        record.header = {"commitment": record.list_lines()[0]["commitment"]}
        record.signature = signature
        return record.bytes()

    return make


def rearranged(change: Callable[[Lines], object]) -> Callable[[], bytes]:
    def make() -> bytes:
        lines = lines_of(small())
        change(lines)
        return b"".join(lines)

    return make


def swap(first: int, second: int) -> Callable[[], bytes]:
    def change(lines: Lines) -> None:
        lines[first - 1], lines[second - 1] = lines[second - 1], lines[first - 1]

    return rearranged(change)


def outcome(change: Callable[[list[dict[str, object]]], object]) -> Callable[[], bytes]:
    """Change the outcomes (lines 12 to 15) as data."""

    def make() -> bytes:
        lines = small().lines()
        outcomes = lines[11:]
        change(outcomes)
        return b"".join(map(spell, [*lines[:11], *outcomes]))

    return make


def give_a_slot_twice(outcomes: list[dict[str, object]]) -> None:
    served = [line for line in outcomes if line["slots"]]
    served[1]["slots"] = served[0]["slots"]


def give_two_slots(outcomes: list[dict[str, object]]) -> None:
    unserved = next(line for line in outcomes if not line["slots"])
    unserved["slots"] = [5]
    del outcomes[outcomes.index(unserved) + 1 :]


REASONS = {
    # the list
    "ticket added": (
        rearranged(lambda ls: ls.insert(6, spell(ticket(9) | {"ticket": "0" * 32}))),
        "should be the result",
    ),
    "ticket removed": (rearranged(lambda ls: ls.pop(9)), r"Line 10 is .*header of the result', it should be ticket 4"),
    "tickets reordered": (swap(7, 8), r"Line 8: ticket \w+ comes after \w+: the order is wrong"),
    "ticket doubled": (rearranged(lambda ls: ls.insert(7, ls[6])), r"Line 8: ticket \w+ stands twice"),
    "slot removed": (rearranged(lambda ls: ls.pop(5)), r"Line 6 is .*'ticket', it should be slot 5 of 5"),
    "slots reordered": (swap(2, 3), "Line 3: slot 1 comes after slot 2"),
    "slot doubled": (rearranged(lambda ls: ls.insert(2, ls[1])), "Line 3: slot 1 stands twice"),
    "a wish changed": (
        changed(7, earliest=541),
        r"list_hash says \w{64}, it should say \w{64}, the SHA-256 of the list",
    ),
    "a slot changed": (changed(2, counter=2), "list_hash says"),
    "wrong weight": (changed(7, weight=13), r"Line 7: weight says 13, it should say \d \(1 \+ \d lost"),
    "weight beyond 13": (changed(7, weight=14, lost=13), "weight says 14, it should say an integer from 1 to 13"),
    "more slots announced": (built(slots=6), "it should be slot 6 of 6"),
    "absurd number of slots": (built(slots=2**53 - 1), "it should be slot 6 of 9007199254740991"),
    "fewer tickets announced": (built(tickets=3), "'ticket', it should be the result"),
    "absurd number of tickets": (built(tickets=2**53 - 1), "it should be ticket 5 of"),
    # the round
    "round too early": (built(round=25712252), "round says 25712252, it should say 25712253"),
    "round too late": (built(round=25712254), "round says 25712254, it should say 25712253"),
    "round 0": (built(round=0), "round says 0, it should say 25712253"),
    "unknown chain": (built(chain="8" * 64), f"chain says 8{{64}}, it should say {QUICKNET}"),
    "another genesis": (built(genesis=1692803366), "genesis says"),
    "another period": (built(period=30), "period says 30, it should say 3"),
    "period 0": (built(period=0), "period says 0, it should say 3"),
    "commitment under drand": (built(commitment="0" * 64), "commitment says 0{64}, it should say nothing"),
    "demonstration without commitment": (built("demonstration", commitment=""), "commitment says nothing"),
    "demonstration with a chain": (built("demonstration", chain=QUICKNET), "it should say demonstration in a demon"),
    "demonstration with a round": (built("demonstration", round=1), "round says 1, it should say 0"),
    "published on 30 February": (built(published_at="2026-02-30T10:00:00Z"), "published_at says 2026-02-30"),
    "published at 24:00": (built(published_at="2026-02-01T24:00:00Z"), "misspelled"),
    "another protocol": (built(protocol="v2"), 'should say ,"protocol":\\(v1\\)'),
    # the randomness
    "randomness is not SHA-256(signature)": (
        answered(randomness="0" * 64),
        "randomness says 0{64}, it should say \\w{64}",
    ),
    "signature changed": (answered(signature="a" * 96), "randomness says"),
    "signature too short": (signed("ab" * 47), "signature says 94 characters, it should say 96"),
    "no signature": (answered(signature=""), "signature says 0 characters"),
    "not the promised bytes": (signed("5f" * 32, "demonstration"), "it should say the bytes committed to"),
    "secret of another length": (
        signed(SECRET + "00", "demonstration"),
        "signature says 66 characters, it should say 64",
    ),
    "list_hash wrong": (answered(list_hash="0" * 64), "list_hash says"),
    "seed wrong": (answered(seed="0" * 64), "seed says"),
    "result of another draw": (answered(draw="other"), "draw says other, it should say dz-alg.short-stay.7"),
    # the result
    "served wrong": (answered(served=4), r"served says 4, it should say 3"),
    "unserved wrong": (answered(unserved=0), r"unserved says 0, it should say 1"),
    "order wrong": (swap(12, 13), r"Line 12 \(place 1\): the order is wrong, it says ticket \w+, it should say \w+"),
    "assignment wrong": (
        outcome(lambda o: o[0].update(slots=[])),
        "is said to take slots \\[\\], it should take \\[\\d",
    ),
    "more than its share": (outcome(give_two_slots), "is said to take slots \\[5\\]|a slot is given twice"),
    "served twice": (
        outcome(lambda o: o.insert(1, o[0])),
        r"Line 13 \(place 2\): ticket \w+ stands twice in the result",
    ),
    "slot given twice": (outcome(give_a_slot_twice), "a slot is given twice"),
    "slot twice on one line": (outcome(lambda o: o[0].update(slots=[1, 1])), "a slot is given twice"),
    "stranger served": (outcome(lambda o: o[0].update(ticket="0" * 32)), "ticket 0{32} is not in the list"),
    "outcome removed": (outcome(lambda o: o.pop()), "The file ends after line 14, where place 4 of 4"),
    "outcome added": (outcome(lambda o: o.append(o[-1])), "Something follows after line 15"),
    # the spelling
    "empty file": (lambda: b"", "The file ends after line 0"),
    "not UTF-8": (respelled(1, b"short-stay", b"short\xff-stay"), "Line 1 has the byte 0xFF"),
    "UTF-8 but not ASCII": (respelled(1, b"short-stay", "séjour".encode()), "Line 1 has the byte 0xC3"),
    "byte-order mark": (lambda: b"\xef\xbb\xbf" + RIGHT, "Line 1 has the byte 0xEF at character 1"),
    "Windows line ends": (lambda: RIGHT.replace(b"\n", b"\r\n"), r"misspelled: at character \d+ it says '}\\r\\n'"),
    "no last line end": (lambda: RIGHT[:-1], r"Line 15 \(place 4 of 4 in the order\) has no line end"),
    "empty line": (lambda: RIGHT + b"\n", "Something follows"),
    "white space": (respelled(1, b'":', b'": '), "misspelled"),
    "escape": (respelled(1, b"dz-alg/short-stay", b"dz-alg\\/short-stay"), "misspelled"),
    "leading zero": (respelled(1, b'"policy":4', b'"policy":04'), "at character .* it says '4,"),
    "fraction": (respelled(1, b'"policy":4', b'"policy":4.0'), "misspelled"),
    "exponent": (respelled(1, b'"policy":4', b'"policy":4e0'), "misspelled"),
    "negative": (respelled(1, b'"policy":4', b'"policy":-4'), 'should say ,"policy":\\(an integer from 0 to'),
    "true": (respelled(1, b'"policy":4', b'"policy":true'), "misspelled"),
    "null": (respelled(1, b'"policy":4', b'"policy":null'), "misspelled"),
    "number of 2^53": (
        built(policy=2**53),
        "policy says 9007199254740992, it should say an integer from 0 to 90071992547409",
    ),
    "number of a million digits": (respelled(1, b'"policy":4', b'"policy":' + b"9" * 10**6), "misspelled"),
    "line of two megabytes": (respelled(1, b'"policy":4', b'"policy":' + b"9" * 2**21), "absurdly long"),
    "deep nesting": (respelled(1, b'"policy":4', b'"policy":' + b"[" * 10**5), "misspelled"),
    "member twice": (respelled(1, b'"policy":4', b'"policy":4,"policy":4'), "misspelled"),
    "member unknown": (built(zebra=1), "misspelled"),
    "member missing": (respelled(1, b'"policy":4,', b""), "misspelled"),
    "members unsorted": (respelled(7, b'"earliest":0,', b""), "misspelled"),
    "minute 1440": (changed(2, time=1440), "Line 2: time says 1440, it should say an integer from 0 to 1439"),
    "29 February 2027": (changed(2, day="2027-02-29"), "Line 2: day says 2027-02-29, it should say a day"),
    "year 0": (changed(2, day="0000-01-01"), "Line 2: day says 0000-01-01"),
    "slot 0": (changed(2, slot=0), "slot says 0"),
    "size 0": (changed(7, size=0), "Line 7: size says 0"),
    "weekdays 128": (changed(7, weekdays=128), "weekdays says 128"),
    "upper-case hash": (built(previous="A" * 64), "misspelled"),
    "name of 65 characters": (built(draw="x" * 65), "misspelled"),
    "slot number of 2^53": (outcome(lambda o: o[0].update(slots=[2**53])), "Line 12: slots says 9007199254740992"),
    "colours for a terminal": (built(service="\x1b[31m"), "misspelled"),
}


@pytest.mark.parametrize("name", REASONS)
def test_each_fault_has_its_reason(name):
    make, expected = REASONS[name]
    said = refusal(make())
    assert re.search(expected, said), said
    assert said.isascii()
    assert said.isprintable()
    assert said.endswith(".")
    assert len(said) < 500


def test_the_control_is_right():
    assert not refusal(built()())
    assert not refusal(answered()())
    assert not refusal(rearranged(len)())
    assert not refusal(outcome(len)())


def test_a_ticket_of_absurd_size_waits_in_vain():
    record = Record([slot(1)], [ticket(1, size=2**53 - 1, lost=2**53 - 1)], adjacent_minutes=2**53 - 1)
    record.header = {"policy": 2**53 - 1}
    assert not refusal(record.bytes())


@pytest.mark.parametrize("name", ["order wrong", "not UTF-8", "round too early", "ticket removed", "empty file"])
def test_the_command_fails_with_one_sentence(name, tmp_path: Path):
    make, expected = REASONS[name]
    (tmp_path / "record").write_bytes(make())
    done = run(tmp_path / "record")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("NOT VERIFIED: ")
    assert done.stderr.count("\n") == 1
    assert re.search(expected, done.stderr)


def test_a_file_that_cannot_be_read_is_no_proof(tmp_path: Path):
    for path in (tmp_path / "missing", tmp_path):
        done = run(path)
        assert done.returncode == 1
        assert done.stderr.startswith("NOT VERIFIED: the file cannot be read")
