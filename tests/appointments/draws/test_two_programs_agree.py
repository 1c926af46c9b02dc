"""The program that draws, the outsider's verifier and the worked example of the protocol say the same."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from appointments.domain import draw as rules
from appointments.domain.commitment import Slot, Ticket, list_hash, list_lines, read_list
from tests.appointments.draws.stage import ROUNDS
from tests.appointments.draws.test_draw_rules import HEADER

SECRET = bytes(range(32))


def verifier(record: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "record.jsonl"
    path.write_bytes(record)
    script = Path(settings.BASE_DIR) / "verifier" / "verify_draw.py"
    return subprocess.run([sys.executable, str(script), str(path)], capture_output=True, text=True, check=False)


def drawn(number: int, tickets: int, slots: int) -> list[bytes]:
    """A whole record with chance's own slots and tickets."""
    chance = np.random.default_rng(number)
    first = date(2026, 12, 7).toordinal()
    places = [
        Slot(n + 1, first + int(chance.integers(0, 8)), 480 + 15 * int(chance.integers(0, 12)), 1 + n % 4, n % 7 == 0)
        for n in range(slots)
    ]
    claims = []
    for name in sorted(chance.bytes(16).hex() for _ in range(tickets)):
        begin, earliest = first + int(chance.integers(0, 8)), 480 + 15 * int(chance.integers(0, 10))
        size, lost = int(chance.choice([1, 1, 1, 2, 3, 5])), int(chance.integers(0, 20))
        weekdays = int(chance.choice([127, 31, 5, 0, 64]))
        last, latest = begin + int(chance.integers(-1, 6)), earliest + int(chance.integers(-15, 150))
        claims.append(Ticket(name, size, lost, bool(chance.random() < 0.2), begin, last, weekdays, earliest, latest))
    commitment = hashlib.sha256(b"demonstration|" + SECRET.hex().encode()).hexdigest()
    header = replace(HEADER, slots=slots, tickets=tickets, commitment=commitment)
    lines = list(list_lines(header, places, claims))
    fingerprint = list_hash(lines)
    seed = rules.seed_of(header.draw, fingerprint, hashlib.sha256(SECRET).digest())
    outcome = rules.draw(seed, claims, places, header.adjacent_minutes)
    result = rules.result_lines(
        draw_name=header.draw, list_hash=fingerprint, signature=SECRET, tickets=claims, outcome=outcome
    )
    return lines + list(result)


@pytest.mark.parametrize(("number", "tickets", "slots"), [(1, 300, 120), (2, 60, 200), (3, 400, 30), (4, 1, 0)])
def test_the_verifier_accepts_what_was_drawn(tmp_path: Path, number: int, tickets: int, slots: int) -> None:
    done = verifier(b"".join(drawn(number, tickets, slots)), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not verifiable" in done.stdout.lower()


def swap(lines: list[bytes], one: int, other: int) -> list[bytes]:
    changed = list(lines)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


def test_the_verifier_refuses_every_kind_of_change(tmp_path: Path) -> None:
    lines = drawn(5, 40, 20)
    first_ticket, result = 1 + 20, 1 + 20 + 40
    winner = next(number for number in range(result + 1, len(lines)) if b"[]" not in lines[number])
    changes = {
        "one byte": [lines[0].replace(b'"policy":1', b'"policy":2'), *lines[1:]],
        "a ticket removed": lines[:first_ticket] + lines[first_ticket + 1 :],
        "a ticket twice": [*lines[: first_ticket + 1], *lines[first_ticket:]],
        "tickets in another order": swap(lines, first_ticket, first_ticket + 1),
        "results in another order": swap(lines, result + 1, result + 2),
        "a place taken away": [*lines[:winner], lines[winner].replace(b"[", b"[]#[", 1).split(b"#")[0] + b"\n"],
        "another secret": [line.replace(SECRET.hex().encode(), b"ff" * 32) for line in lines],
        "cut": lines[:-1],
    }
    for name, changed in changes.items():
        done = verifier(b"".join(changed), tmp_path)
        assert done.returncode == 1, name
        assert done.stdout.strip() or done.stderr.strip(), name


def test_the_worked_example_of_the_protocol(tmp_path: Path) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "draw-protocol.md").read_text()
    appendix = text[text.index("## Appendix") :]
    record = appendix.split("```\n")[1].encode("ascii")
    assert hashlib.sha256(record).hexdigest() in appendix
    lines = record.splitlines(keepends=True)
    header, slots, stream = read_list(lines[:10])
    tickets, fingerprint = list(stream), list_hash(lines[:10])
    signature = bytes.fromhex(ROUNDS[1000][0])
    seed = rules.seed_of(header.draw, fingerprint, hashlib.sha256(signature).digest())
    assert seed.hex() in appendix
    assert all(rules.Lots(seed).key(one.ticket, min(1 + one.lost, 13)).hex() in appendix for one in tickets)
    outcome = rules.draw(seed, tickets, slots, header.adjacent_minutes)
    result = rules.result_lines(
        draw_name=header.draw, list_hash=fingerprint, signature=signature, tickets=tickets, outcome=outcome
    )
    assert list(result) == lines[10:]
    assert verifier(record, tmp_path).returncode == 0
