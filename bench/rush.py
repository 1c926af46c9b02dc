"""The rush.

Options: `--slots=N` slots in the tables (10,000), `--seconds=S` for each load (4), `--runs=R` of which the median
counts (3), `--growth` for 10^4 to 10^7 slots as well (`bench/growth.py`: minutes, and gigabytes of disk).
"""

from collections.abc import Sequence

from bench.report import publish
from bench.stage import stage


def _option(options: Sequence[str], name: str, default: int) -> int:
    found = [option.partition("=")[2] for option in options if option.startswith(f"--{name}=")]
    return int(found[-1]) if found else default


def main(options: Sequence[str]) -> None:
    """Measure everything and publish it."""
    with stage() as env:
        from bench.rushing import measure

        slots = max(7000, _option(options, "slots", 10_000))
        rows = measure(env, slots=slots, seconds=_option(options, "seconds", 4), runs=_option(options, "runs", 3))
    if "--growth" in options:
        from bench import growth

        with stage() as env:
            rows += growth.measure(env, growth.SIZES)
    publish("rush", rows)
