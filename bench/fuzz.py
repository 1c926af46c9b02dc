"""A hundred thousand hostile inputs to every address and parser: no error of ours, nothing slow.

Options: `--inputs=N` (100000), `--seed=N` (1), `--first=N` the number of the first input (0): one input alone is made
again by its number.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.report import Row, publish
from bench.stage import stage

if TYPE_CHECKING:
    from tests.security.fuzzing import Report


def _option(options: Sequence[str], name: str, default: int) -> int:
    found = [option.partition("=")[2] for option in options if option.startswith(f"--{name}=")]
    return int(found[-1]) if found else default


def main(options: Sequence[str]) -> None:
    """Run, print the table, and end with an error where there is a finding."""
    inputs, seed, first = (_option(options, *one) for one in (("inputs", 100_000), ("seed", 1), ("first", 0)))
    os.environ["DJANGO_SETTINGS_MODULE"] = "visa_booking.settings.test"  # quick password hashes, letters in memory
    os.environ["VISA_LOG_LEVEL"] = "ERROR"
    with stage(durable=False):
        import logging

        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        call_command("compile_catalogs", verbosity=0)
        logging.getLogger().setLevel(logging.ERROR)
        setup_test_environment(debug=False)
        from tests.security.fuzzing import Fuzzer
        from tests.security.world import make_world

        started, cpu = time.monotonic(), time.process_time()

        told = [0]

        def tell(report: Report) -> None:
            passed = time.monotonic() - started
            for finding in list(report.findings.values())[told[0] :]:
                print(f"#{finding.number} {finding.method} {finding.path!r}: {finding.what}", flush=True)
            told[0] = len(report.findings)
            print(
                f"{report.inputs} inputs, {report.inputs / passed:.0f}/s, {len(report.findings)} findings, "
                f"slowest {report.slowest:.2f} s CPU",
                flush=True,
            )

        report = Fuzzer(make_world(), seed).run(first, inputs, tell)
        cpu = time.process_time() - cpu
    print(report if report.findings else "No findings.")
    publish("fuzz", _rows(report, seed, cpu))
    if report.findings:
        sys.exit(1)


def _rows(report: Report, seed: int, cpu: float) -> list[Row]:
    errors = sum(count for status, count in report.statuses.items() if status >= 500)
    rows = [
        Row("inputs", report.inputs, "", note=f"seed {seed}"),
        Row("addresses and parsers met", len(report.routes), ""),
        Row("fewest inputs of one of them", min(report.routes.values()), ""),
        Row("answers 5xx, exceptions", errors, "", "0", errors == 0),
        Row("kinds of findings", len(report.findings), "", "0", not report.findings),
        Row("slowest input", report.slowest, "s CPU", "≤ 1 s", report.slowest <= 1, report.slowest_path),
        Row("mean", cpu / max(1, report.inputs) * 1000, "ms CPU"),
    ]
    for status, count in sorted(report.statuses.items()):
        rows.append(Row(f"answered {status}", count, ""))
    return rows
