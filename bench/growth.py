"""Growth: everything that `bench rush` measures, with 10^4 and with 10^7 slots in the tables, and the ratios.

Options: `--sizes=10000,1000000,10000000`; `--seconds=S`, `--runs=R` as for the rush. The largest takes some 5 GB of
disk and some minutes to fill. Each size has servers of its own, one after the other.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from bench.report import RESULTS, Row, publish

SIZES = "10000,10000000"
MOST = 1.5
# What is compared as it stands; of the other figures what one request costs in CPU time, where that was measured.
AS_IT_STANDS = ("ms", "ms CPU", "MB")


def main(options: Sequence[str]) -> None:
    """Measure at each size, compare the last with the first, and publish."""
    found = [option.partition("=")[2] for option in options if option.startswith("--sizes=")]
    sizes = [int(size) for size in (found[-1] if found else SIZES).split(",")]
    passed = [option for option in options if option.startswith(("--seconds=", "--runs="))]
    seen = [_rush(size, passed) for size in sizes]
    publish("growth", _rows(sizes, seen))


def _rush(size: int, options: Sequence[str]) -> dict[str, Row]:
    """One run of the rush; its rows by name."""
    name = f"rush-{size}"
    command = [sys.executable, "-m", "bench", "rush", f"--slots={size}", f"--name={name}", *options]
    # Pages are asked for so seldom here that each would open a connection again, which is half of what a page costs.
    subprocess.run(command, env={**os.environ, "VISA_DATABASE_MAX_AGE_SECONDS": "3600"}, check=True)
    rows = [Row(**row) for row in json.loads((RESULTS / f"{name}.json").read_text())["rows"]]
    return {row.what: row for row in rows}


def _rows(sizes: Sequence[int], seen: Sequence[Mapping[str, Row]]) -> list[Row]:
    rows = []
    for what, first in seen[0].items():
        if first.cpu is None and first.unit not in AS_IT_STANDS:
            continue
        cost = [_cost(step[what]) for step in seen]
        unit = "ms CPU" if first.cpu is not None else first.unit
        rows += [Row(f"{what}, {size:,} slots", value, unit) for size, value in zip(sizes, cost, strict=True)]
        ratio = cost[-1] / cost[0]
        rows.append(Row(f"{what}: last / first", ratio, "", f"≤ {MOST}", ratio <= MOST))
    return rows


def _cost(row: Row) -> float:
    return row.value if row.cpu is None else row.cpu
