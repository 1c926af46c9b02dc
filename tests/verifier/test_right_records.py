"""Records that follow the text are verified, by whatever way their results were computed."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.verifier.build import SIGNATURE, Record, sha256, slot, spell, ticket
from tests.verifier.command import PROGRAM, run
from tests.verifier.strategies import records
from verifier import verify_draw


@pytest.fixture
def record() -> Record:
    slots = [
        slot(i, time=540 + 15 * (i % 4), counter=1 + i // 4, quota="urgent" if i < 3 else "ordinary")
        for i in range(1, 9)
    ]
    tickets = [ticket(i, size=1 + i % 3, lost=i, quota="urgent" if i % 4 == 0 else "ordinary") for i in range(9)]
    return Record(slots, tickets)


@settings(max_examples=300, deadline=None)
@given(record=records())
def test_the_slow_and_literal_way_comes_to_the_same_result(record):
    draw = verify_draw.verify(io.BytesIO(record.bytes()))
    given = {line["ticket"]: line["slots"] for line in record.result_lines()[1:]}
    assert [draw.tickets.ids[i] for i in draw.order] == list(given)
    assert {draw.tickets.ids[i]: [s.slot for s in taken] for i, taken in draw.given.items()} == {
        key: slots for key, slots in given.items() if slots
    }


@settings(max_examples=60, deadline=None)
@given(record=records())
def test_every_ticket_can_be_told_its_story(record):
    draw = verify_draw.verify(io.BytesIO(record.bytes()))
    assert verify_draw.summary(draw).isascii()
    for line in record.result_lines()[1:]:
        story = verify_draw.story(draw, line["ticket"])
        assert ("lost  " in story) == (not line["slots"])
        assert story.count("took  ") == len(line["slots"])
        assert all(f"(slot {number})" in story for number in line["slots"])


def test_the_summary_says_what_is_left_to_compare(record, tmp_path: Path):
    (tmp_path / "record").write_bytes(record.bytes())
    done = run(tmp_path / "record")
    assert (done.returncode, done.stderr) == (0, "")
    header = record.list_lines()[0]
    list_hash = sha256(b"".join(map(spell, record.list_lines())))
    for expected in (
        "VERIFIED",
        "dz-alg.short-stay.7",
        list_hash,
        sha256(bytes.fromhex(SIGNATURE)),
        f"https://api.drand.sh/{header['chain']}/public/{header['round']}",
        "2026-02-01T10:02:03Z",  # the first second of the chain at or after 10:00:01 + 120 s
        "not checked here",
        "8 slots, 9 tickets",
    ):
        assert expected in done.stdout
    served = record.result_lines()[0]["served"]
    assert f"{served} tickets served" in done.stdout
    assert "DEMONSTRATION" not in done.stdout


def test_a_demonstration_is_said_loudly_and_checked_all_the_same(record, tmp_path: Path):
    record = Record(record.slots, record.tickets, source="demonstration")
    (tmp_path / "record").write_bytes(record.bytes())
    done = run(tmp_path / "record")
    assert done.returncode == 0
    assert done.stdout.startswith("*** DEMONSTRATION, NOT VERIFIABLE ***")
    assert "VERIFIED:" not in done.stdout
    (tmp_path / "record").write_bytes(record.bytes().replace(b'"served":', b'"served":1'))
    assert run(tmp_path / "record").returncode == 1


def test_with_a_ticket_it_says_what_happened_to_it(record, tmp_path: Path):
    (tmp_path / "record").write_bytes(record.bytes())
    result = record.result_lines()[1:]
    winner = next(line for line in result if line["slots"])
    loser = next(line for line in result if not line["slots"])
    told = run(tmp_path / "record", "--ticket", winner["ticket"].upper())
    assert told.returncode == 0
    assert f"place {result.index(winner) + 1} of 9" in told.stdout
    assert f"(slot {winner['slots'][0]})" in told.stdout
    told = run(tmp_path / "record", "--ticket", loser["ticket"])
    assert told.returncode == 0
    assert "lost" in told.stdout
    told = run(tmp_path / "record", "--ticket", "f" * 32)
    assert told.returncode == 1
    assert "not in its list" in told.stderr


def test_a_record_can_come_through_a_pipe(record):
    done = subprocess.run(
        [sys.executable, PROGRAM, "/dev/stdin"], input=record.bytes(), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("published_at", "round_number"),
    [
        ("2026-02-01T10:00:00Z", 25712252),  # (1769940000 + 120 - 1692803367) / 3 = 25712251 exactly
        ("2026-02-01T10:00:01Z", 25712253),
        ("2026-02-01T10:00:03Z", 25712253),
        ("2023-08-23T15:09:27Z", 41),  # at the chain's first round, and 120 seconds are 40 periods
        ("2023-08-23T15:09:28Z", 42),
        ("1970-01-01T00:00:00Z", 1),  # before the chain began
        ("0001-01-01T00:00:00Z", 1),
        ("9999-12-31T23:59:59Z", 83903165852),  # (253402300799 + 120 - 1692803367) / 3 = 83903165850 and two thirds
    ],
)
def test_the_round_is_the_first_one_two_minutes_after_the_list(published_at, round_number, record):
    def refused(number: int) -> str:
        record.header = {"published_at": published_at, "round": number}
        try:
            verify_draw.summary(verify_draw.verify(io.BytesIO(record.bytes())))
        except verify_draw.Wrong as wrong:
            return str(wrong)
        return ""

    assert refused(round_number) == ""
    assert f"it should say {round_number} " in refused(round_number + 1)
    if round_number > 1:
        assert f"it should say {round_number} " in refused(round_number - 1)


def test_families_take_the_first_run_whose_gaps_are_small_enough():
    times = [540, 570, 600, 615, 630, 700]
    slots = [slot(i, time=time) for i, time in enumerate(times, 1)]
    for adjacent_minutes, expected in ((15, [3, 4, 5]), (30, [1, 2, 3]), (14, [])):
        record = Record(slots, [ticket(1, size=3)], adjacent_minutes)
        draw = verify_draw.verify(io.BytesIO(record.bytes()))
        assert [s.slot for s in draw.given.get(0, [])] == expected


def test_urgent_tickets_are_served_first_from_their_quota_and_what_is_left_serves_everybody():
    slots = [slot(1, quota="urgent"), slot(2, time=555), slot(3, time=570, quota="urgent")]
    record = Record(slots, [ticket(1, quota="urgent"), *(ticket(i) for i in range(2, 5))])
    draw = verify_draw.verify(io.BytesIO(record.bytes()))
    given = {draw.tickets.ids[i]: taken[0].slot for i, taken in draw.given.items()}
    assert given.pop(ticket(1)["ticket"]) == 1
    assert sorted(given.values()) == [2, 3]
