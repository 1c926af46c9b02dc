"""Real servers and a migrated database for the length of a measurement."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from devtool.stack import throw_away


@contextmanager
def stage(*, durable: bool = True, **more: str) -> Iterator[dict[str, str]]:
    """Throw-away PostgreSQL (every commit on disk, unless `durable` is False) and Valkey; Django set up and migrated.

    Yields the environment that processes of the measurement need, `more` included. DATABASE_URL and REDIS_URL, where
    set, are used.
    """
    with throw_away("bench", durable=durable) as env:
        os.environ.update(env | more)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("prepare")
        yield env | more
