"""`python3 dev.py bench [name …]`: run one measurement, or all of them one after the other."""

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
NOT_MEASUREMENTS = {"__init__", "__main__"}


def names() -> list[str]:
    """Every module here that has `main(arguments)`, by name."""
    found = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_MEASUREMENTS)
    return [name for name in found if "def main(" in (HERE / f"{name}.py").read_text()]


def run(arguments: list[str]) -> int:
    """Run what is named; everything where nothing is. Returns the exit status."""
    wanted = [argument for argument in arguments if not argument.startswith("-")]
    options = [argument for argument in arguments if argument.startswith("-")]
    unknown = set(wanted) - set(names())
    if unknown:
        print(
            f"There is no measurement {', '.join(sorted(unknown))}. There are: {', '.join(names())}.", file=sys.stderr
        )
        return 2
    for name in wanted or names():
        print(f"== {name}", flush=True)
        import_module(f"bench.{name}").main(options)
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
