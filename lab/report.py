"""Results as a table for people, JSON for machines, and a chart."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.chart import chart
from lab.figures import Result
from lab.outcomes import Outcome
from lab.short import RUNS
from lab.statistics import Estimate

RESULTS = Path(__file__).parent / "results"
_CONTROLS = {policy.name for _scenario, policy in RUNS}  # of the short form: too few places to be drawn beside weeks
_COLUMNS = (
    ("slots with attackers", "slots that end with attackers"),
    ("resold", "slots resold to a customer"),
    ("people served", "people who got a place"),
    ("families", "families who got places"),
    ("wrongly blocked", "people wrongly blocked"),
)


def percent(estimate: Estimate | None) -> str:
    """A share with its interval, in per cent."""
    if estimate is None or estimate.value != estimate.value:
        return "–"
    return f"{100 * estimate.value:.1f} [{100 * estimate.low:.1f}–{100 * estimate.high:.1f}]"


def _days(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value != estimate.value:
        return "–"
    return f"{estimate.value:.1f} ±{estimate.high - estimate.value:.1f}"


def policy_rows(results: Sequence[Result]) -> list[list[str]]:
    """The comparison of policies, with a head."""
    rows = [["policy", *(name + " %" for name, _ in _COLUMNS), "wait (days)", "profit EUR", "requests", "CPU s"]]
    for r in results:
        if "requests" not in r.counts:
            continue
        profit = r.counts["profit of all attackers, EUR"]
        requests, cpu = r.counts["requests"], r.counts["CPU seconds of requests"]
        shares = [percent(r.estimates.get(name)) for _, name in _COLUMNS]
        waited = _days(r.estimates.get("days people waited"))
        rows.append([r.policy, *shares, waited, f"{profit:,.0f}", f"{requests:,.0f}", f"{cpu:,.0f}"])
    return rows


def attacker_rows(result: Result) -> list[list[str]]:
    """The attackers of one run, with a head."""
    rows = [["attacker", "customers", "served", "revenue", "cost", "fees lost", "profit EUR", "requests", "held back"]]
    for books in result.attackers:
        held = books.blocked + books.held_back
        rows.append(
            [
                books.name,
                str(books.customers),
                str(books.served),
                f"{books.revenue:,.0f}",
                f"{books.cost:,.2f}",
                f"{books.fees_lost:,.0f}",
                f"{books.profit:,.2f}",
                f"{books.requests:,}",
                str(held),
            ]
        )
    return rows


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, the first one set to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def machine() -> dict[str, Any]:
    """On what, when, and how busy it was."""
    cpuinfo = Path("/proc/cpuinfo")
    names = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    found = [line.partition(":")[2].strip() for line in names if line.startswith("model name")]
    return {
        "processor": found[0] if found else platform.machine(),
        "cores": os.cpu_count(),
        "load_average": list(os.getloadavg()),
        "python": sys.version.split()[0],
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write(name: str, results: Sequence[Result], found: Sequence[Outcome]) -> list[Path]:
    """JSON and chart under `lab/results/`; returns the paths."""
    RESULTS.mkdir(exist_ok=True)
    document = {
        "machine": machine(),
        "outcomes": [asdict(outcome) for outcome in found],
        "runs": [result.as_dict() for result in results],
    }
    written = [RESULTS / f"{name}.json", RESULTS / f"{name}.svg"]
    written[0].write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    shown = [result for result in results if result.slots]
    weeks = [result for result in shown if result.policy not in _CONTROLS]
    written[1].write_text(chart(weeks or shown), "utf-8")
    return written
