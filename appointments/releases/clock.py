"""The one clock of releases and draws: the database's, because several machines have several clocks."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The instant by the database's clock, aware, UTC. Tasks read it once, at the door."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (instant,) = cursor.fetchone()
    assert isinstance(instant, datetime)  # noqa: S101 - narrows the type for readers and mypy
    return instant
