"""One step of a measured draw in a process of its own, so that its time and memory are nobody else's.

`python -m bench.drawing list N PATH` makes N tickets and N/20 slots and writes the published list.
`python -m bench.drawing draw PATH OUT` reads a list, orders, assigns and writes the whole record.
Prints one line of JSON: this process's seconds on a core for each step (so that a busy machine does not count), and
the most memory that it ever had.
"""

import hashlib
import json
import resource
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

from appointments.domain import draw as rules
from appointments.domain.commitment import ListHeader, Slot, Ticket, list_lines, read_list

FAMILIES, SLOT_SHARE, DAYS = 0.1, 20, 60
FIRST = date(2026, 12, 1).toordinal()
SIGNATURE = bytes(range(32))


def make(number: int) -> tuple[list[Slot], list[Ticket]]:
    """Slots of sixty days, and tickets of which a tenth are families, with wishes of many kinds."""
    chance = np.random.default_rng(1)
    slots = [
        Slot(n + 1, FIRST + n % DAYS, 480 + 15 * (n // DAYS % 28), 1 + n // (DAYS * 28), bool(n % 10 == 0))
        for n in range(number // SLOT_SHARE)
    ]
    names = sorted(chance.bytes(16).hex() for _ in range(number))
    size = np.where(chance.random(number) < FAMILIES, chance.integers(2, 7, number), 1)
    lost = chance.geometric(0.2, number) - 1
    urgent = chance.random(number) < 0.03
    first = FIRST + chance.integers(0, 40, number)
    last = first + chance.integers(0, 60, number)
    weekdays = np.array([127, 31, 31, 31, 5, 10, 4])[chance.integers(0, 7, number)]
    earliest = 480 + 60 * chance.integers(0, 4, number)
    latest = earliest + 30 * chance.integers(2, 16, number)
    columns = [column.tolist() for column in (size, lost, urgent, first, last, weekdays, earliest, latest)]
    return slots, [Ticket(*row) for row in zip(names, *columns, strict=True)]


def write_list(number: int, path: Path) -> dict[str, float]:
    """Write and hash a list."""
    slots, tickets = make(number)
    header = ListHeader(
        adjacent_minutes=30,
        chain="demonstration",
        commitment=hashlib.sha256(b"demonstration|" + SIGNATURE.hex().encode()).hexdigest(),
        draw="bench",
        genesis=0,
        kind="drawn",
        period=0,
        policy=1,
        previous="",
        published_at="2026-11-23T10:00:00Z",
        round=0,
        service="bench/bench",
        slots=len(slots),
        source="demonstration",
        tickets=number,
    )
    started = time.process_time()
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for line in list_lines(header, slots, tickets):
            digest.update(line)
            stream.write(line)
    return {"list": time.process_time() - started}


def run(path: Path, out: Path) -> dict[str, float]:
    """Draw a list: everything between the published bytes and the published result."""
    marks = [time.process_time()]
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    with path.open("rb") as stream:
        header, slots, lines = read_list(stream)
        tickets = list(lines)
    marks.append(time.process_time())
    seed = rules.seed_of(header.draw, digest.hexdigest(), hashlib.sha256(SIGNATURE).digest())
    order = rules.order_of(seed, tickets)
    marks.append(time.process_time())
    taken = rules.assign(tickets, order, slots, header.adjacent_minutes)
    marks.append(time.process_time())
    outcome = rules.Outcome(order, taken)
    with out.open("wb") as stream:
        stream.writelines(
            rules.result_lines(
                draw_name=header.draw,
                list_hash=digest.hexdigest(),
                signature=SIGNATURE,
                tickets=tickets,
                outcome=outcome,
            )
        )
    marks.append(time.process_time())
    steps = ("read", "order", "assign", "result")
    found = {name: b - a for name, a, b in zip(steps, marks, marks[1:], strict=False)}
    return found | {"draw": marks[-1] - marks[0], "served": len(taken), "slots": sum(map(len, taken.values()))}


def main() -> None:
    """Do the step that the arguments name."""
    step, *arguments = sys.argv[1:]
    if step == "list":
        found = write_list(int(arguments[0]), Path(arguments[1]))
    else:
        found = run(Path(arguments[0]), Path(arguments[1]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps(found | {"bytes": peak}))


main()
