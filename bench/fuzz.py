"""A hundred thousand hostile inputs to every address and parser: no error of ours, nothing slow.

Options: `--inputs=N` (100000), `--seed=N` (1), `--first=N` the number of the first input (0): one input alone is made
again by its number. `--processes=N` (one a core): each has databases and a Valkey number of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from bench.report import Row, publish
from devtool.stack import throw_away
from tests.security.findings import Report


def _option(options: Sequence[str], name: str, default: int) -> int:
    found = [option.partition("=")[2] for option in options if option.startswith(f"--{name}=")]
    return int(found[-1]) if found else default


def main(options: Sequence[str]) -> None:
    """Run, print the table, and end with an error where there is a finding."""
    inputs, seed, first = (_option(options, *one) for one in (("inputs", 100_000), ("seed", 1), ("first", 0)))
    processes = min(inputs, _option(options, "processes", os.cpu_count() or 1))
    share = -(-inputs // processes)
    with throw_away("bench") as env:
        parts = [(env, n, seed, first + n * share, min(share, inputs - n * share)) for n in range(processes)]
        started = time.monotonic()
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            results = list(pool.map(_part, *zip(*parts, strict=True)))
        seconds = time.monotonic() - started
    report = Report()
    for seen, _cpu in results:
        report.merge(seen)
    print(report if report.findings else "No findings.")
    publish("fuzz", _rows(report, seed, processes, seconds, sum(cpu for _seen, cpu in results)))
    if report.findings:
        sys.exit(1)


def _part(env: dict[str, str], part: int, seed: int, first: int, count: int) -> tuple[Report, float]:
    """Inputs `first` … of one process; its report, and the seconds of CPU that the inputs took."""
    server = env["REDIS_URL"].rpartition("/")[0]
    os.environ.update(env)
    # Quick password hashes, letters in memory.
    os.environ |= {"DJANGO_SETTINGS_MODULE": "visa_booking.settings.test", "REDIS_URL": f"{server}/{part + 1}"}
    import logging

    import django

    django.setup()
    logging.getLogger().setLevel(logging.ERROR)
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    from tests import databases
    from tests.security.fuzzing import Fuzzer
    from tests.security.world import make_world

    if part == 0:
        call_command("compile_catalogs", verbosity=0)
    setup_test_environment(debug=False)
    databases.create()
    started, cpu, told = time.monotonic(), time.process_time(), [0]

    def tell(report: Report) -> None:
        for finding in list(report.findings.values())[told[0] :]:
            print(f"#{finding.number} {finding.method} {finding.path!r}: {finding.what}", flush=True)
        told[0] = len(report.findings)
        rate = report.inputs / (time.monotonic() - started)
        print(f"{part}: {report.inputs} inputs, {rate:.0f}/s, slowest {report.slowest:.2f} s CPU", flush=True)

    try:
        report = Fuzzer(make_world(), seed).run(first, count, tell)
        return report, time.process_time() - cpu
    finally:
        databases.drop()


def _rows(report: Report, seed: int, processes: int, seconds: float, cpu: float) -> list[Row]:
    errors = sum(count for status, count in report.statuses.items() if status >= 500)
    rows = [
        Row("inputs", report.inputs, "", note=f"seed {seed}, {processes} processes"),
        Row("addresses and parsers met", len(report.routes), ""),
        Row("fewest inputs of one of them", min(report.routes.values()), ""),
        Row("answers 5xx, exceptions", errors, "", "0", errors == 0),
        Row("kinds of findings", len(report.findings), "", "0", not report.findings),
        Row("slowest input", report.slowest, "s CPU", "≤ 1 s", report.slowest <= 1, report.slowest_path),
        Row("mean", cpu / max(1, report.inputs) * 1000, "ms CPU"),
        Row("time, making databases and worlds included", seconds, "s"),
    ]
    for status, count in sorted(report.statuses.items()):
        rows.append(Row(f"answered {status}", count, ""))
    return rows
