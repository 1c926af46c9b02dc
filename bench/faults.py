"""Everything breaks while people book: `python3 dev.py bench faults`.

Options: `--minutes=M` in all (3); `--short` for the four faults of continuous integration; `--seconds=S` of faults;
`--copy-of=URL,URL` copies the two schemas instead of migrating. Exit 1 with one line a violation.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.chaos.plan import FULL_PLAN, SHORT_PLAN
from bench.chaos.site import copy_schema, site
from bench.report import publish


def _option(options: Sequence[str], name: str, default: str) -> str:
    found = [option.partition("=")[2] for option in options if option.startswith(f"--{name}=")]
    return found[-1] if found else default


def main(options: Sequence[str]) -> None:
    """Break, settle, judge, publish."""
    short = "--short" in options
    minutes = float(_option(options, "minutes", "3"))
    seconds = float(_option(options, "seconds", "14" if short else str(max(40.0, minutes * 60 - 60))))
    base = Path(tempfile.mkdtemp(prefix="visa-booking-faults-"))
    began = time.monotonic()
    try:
        with site(base) as made:
            made.lean = short
            made.start_servers()
            os.environ.update(made.env)
            os.environ["DJANGO_SETTINGS_MODULE"] = "bench.chaos.settings"
            os.environ["DATA_DIR"] = str(base)
            import django
            from django.core.management import call_command

            django.setup()
            copies = [part for part in _option(options, "copy-of", "").split(",") if part]
            if copies:
                call_command("prepare", databases_only=True)
                targets = [made.env["DATABASE_URL"], made.env["VISA_KEYS_DATABASE_URL"]]
                copy_schema(copies, targets, made.postgres.bin)
            else:
                call_command("prepare")
            print(f"  servers and tables: {time.monotonic() - began:.0f} s", flush=True)
            from bench.chaos.run import Run

            run = Run(made, SHORT_PLAN if short else FULL_PLAN, seconds)
            rows, violations = run.whole()
        name = "faults-short" if short else "faults"
        publish(name, rows)
    finally:
        kept = os.environ.get("BENCH_KEEP")
        if kept:
            shutil.copytree(base, kept, ignore=shutil.ignore_patterns("disk*", "valkey"), dirs_exist_ok=True)
        shutil.rmtree(base, ignore_errors=True)
    for line in violations:
        print(f"VIOLATION  {line}")
    if violations:
        sys.exit(1)
