"""The rush.

Options: `--slots=N` slots in the tables (10,000; what is more belongs to other posts), `--seconds=S` for each load (4),
`--runs=R` of which the median counts (3), `--name=NAME` of the results (rush). `bench growth` compares sizes.
"""

from collections.abc import Sequence

from bench.report import publish
from bench.stage import stage


def _option(options: Sequence[str], name: str, default: str) -> str:
    found = [option.partition("=")[2] for option in options if option.startswith(f"--{name}=")]
    return found[-1] if found else default


def main(options: Sequence[str]) -> None:
    """Measure everything and publish it."""
    slots = int(_option(options, "slots", "10000"))
    seconds, runs = int(_option(options, "seconds", "4")), int(_option(options, "runs", "3"))
    with stage() as env:
        from bench.rushing import measure

        rows = measure(env, slots=slots, seconds=seconds, runs=runs)
    publish(_option(options, "name", "rush"), rows)
