"""A table for people and JSON for machines, with what the figures were measured on."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One figure. `bar` is what was promised, in words; `met` None where there is no bar.

    `cpu`: CPU milliseconds of one request, where the figure is a rate and they were measured.
    """

    what: str
    value: float
    unit: str
    bar: str = ""
    met: bool | None = None
    note: str = ""
    cpu: float | None = None


def _machine() -> dict[str, str]:
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        processor = names[0] if names else processor
    return {
        "processor": processor,
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "django": version("django"),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def publish(name: str, rows: Sequence[Row]) -> Path:
    """Print the rows as a table and write them to `bench/results/<name>.json`; returns that path."""
    width = max(len(row.what) for row in rows)
    for row in rows:
        verdict = "" if row.met is None else ("met" if row.met else "NOT MET")
        bar = f"  (bar: {row.bar})" if row.bar else ""
        note = f"  {row.note}" if row.note else ""
        print(f"{row.what:<{width}}  {row.value:>12,.4g} {row.unit:<10} {verdict}{bar}{note}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": _machine(), "rows": [asdict(row) for row in rows]}, indent=1) + "\n")
    print(f"Written to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    return path
