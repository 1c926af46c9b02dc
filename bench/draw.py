"""The draw: 10^4, 10^5 and 10^6 tickets, the outsider's verification, the database work, and ticks on large pools.

Options: `--largest=N` the largest draw (1000000), `--claims=N` in the database (100000), `--pool=N` slots of the large
pool (1000000), `--only=draw|database|ticks`.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from bench.report import Row, publish
from bench.stage import stage

ROOT = Path(__file__).resolve().parents[1]


def _option(options: Sequence[str], name: str, default: str) -> str:
    found = [option.partition("=")[2] for option in options if option.startswith(f"--{name}=")]
    return found[-1] if found else default


def _step(*arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.drawing", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _verify(record: Path) -> tuple[float, float]:
    """Seconds on a core and bytes of the outsider's verifier on a record; it has to accept it."""
    command = [sys.executable, str(ROOT / "verifier" / "verify_draw.py"), str(record)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as verifier:
        _, status, used = os.wait4(verifier.pid, 0)
        verifier.returncode = os.waitstatus_to_exitcode(status)
    if verifier.returncode:
        raise RuntimeError("The verifier refused the record.")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def pure(largest: int, folder: Path) -> list[Row]:
    """Draws without a database, each in a process of its own, and their verification."""
    rows: list[Row] = []
    times: dict[int, float] = {}
    for number in sorted({10_000, 100_000, largest}):
        if number > largest:
            continue
        path, out = folder / "list", folder / "result"
        print(f"  {number:,} tickets …", file=sys.stderr, flush=True)
        listed, drawn = _step("list", number, path), _step("draw", path, out)
        total = listed["list"] + drawn["draw"]
        times[number] = drawn["draw"]
        large = number == 1_000_000
        steps = ", ".join(f"{name} {drawn[name]:.1f} s" for name in ("read", "order", "assign", "result"))
        rows.append(
            Row(
                f"draw of {number:,} tickets",
                drawn["draw"],
                "s",
                "60 s" if large else "",
                total <= 60 if large else None,
                steps,
            )
        )
        rows.append(Row("  writing and hashing its list", listed["list"], "s"))
        peak = max(listed["bytes"], drawn["bytes"]) / 1e9
        rows.append(Row("  memory", peak, "GB", "1.5 GB" if large else "", peak <= 1.5 if large else None))
        with path.open("ab") as record, out.open("rb") as result:
            while chunk := result.read(1 << 20):
                record.write(chunk)
        seconds, memory = _verify(path)
        ratio = seconds / total
        rows.append(Row("  verification", seconds, "s", note=f"{memory / 1e9:.2f} GB"))
        rows.append(Row("  verification : draw with its list", ratio, "", "3", ratio <= 3))
    numbers = sorted(times)
    for small, big in pairwise(numbers):
        grew = times[big] / times[small]
        allowed = big * math.log(big) / (small * math.log(small))
        what = f"growth from {small:,} to {big:,}"
        rows.append(
            Row(what, grew, "times", f"n log n: {allowed:.1f}, with a quarter of tolerance", grew <= 1.25 * allowed)
        )
    return rows


def main(options: Sequence[str]) -> None:
    """Measure everything and publish it."""
    only = _option(options, "only", "")
    rows: list[Row] = []
    if only in {"", "draw"}:
        with tempfile.TemporaryDirectory() as folder:
            rows += pure(int(_option(options, "largest", "1000000")), Path(folder))
    if only in {"", "database", "ticks"}:
        with stage():
            from bench.draw_tables import database, ticks

            if only != "ticks":
                rows += database(int(_option(options, "claims", "100000")))
            if only != "database":
                rows += ticks(10_000, int(_option(options, "pool", "1000000")))
    publish("draw", rows)
