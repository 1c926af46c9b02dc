#!/usr/bin/env python3
"""Everything a developer starts: `python3 dev.py run`, `test`, `check`, `bench`, `lab`, `manage …`, `services`."""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Dispatch; returns the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  (says so in a sentence instead of a SyntaxError)
        print(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    from devtool import environment
    from devtool.places import Trouble

    command, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    try:
        if command in {"help", "-h", "--help"}:
            print(HELP)
            return 0
        if command not in {"run", "test", "check", "bench", "lab", "manage", "services"}:
            raise Trouble(f"There is no command {command!r}.\n\n{HELP}")
        environment.ensure()
        return dispatch(command, rest)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def dispatch(command: str, rest: list[str]) -> int:
    """Run one of the commands that need the environment."""
    from devtool import running, testing

    if command == "test":
        return testing.run_tests(rest)
    if command == "check":
        return testing.run_checks()
    if command == "services":
        return testing.run_services()
    if command == "manage":
        return running.manage(rest)
    if command == "run":
        return running.run()
    return running.module(command, rest)


HELP = """python3 dev.py run              everything on this machine, with demo data; PORT and DATA_DIR are honoured
python3 dev.py test [pytest …]  all tests on throw-away servers
python3 dev.py check            format, lint, types, import direction, migrations, templates
python3 dev.py bench [name]     measurements
python3 dev.py lab [--…]        the attack laboratory
python3 dev.py manage …         manage.py with the servers up
python3 dev.py services         throw-away servers that stay up, for quick repeated test runs

DATABASE_URL and REDIS_URL, where they are set, are used and nothing is started in their place."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
