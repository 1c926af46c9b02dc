"""Counting what the counter-measures ask and do: in Valkey by the request, in a table by the minute.

A count may be lost where Valkey or the worker dies between two minutes; nothing is decided by these numbers.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection

from antibot.domain.policy import post_of
from antibot.limits.counting import CountingAwayError, call, drain
from antibot.models import GuardTally

Kind, Outcome = GuardTally.Kind, GuardTally.Outcome
_KEY = "tally"
# Rows of a day and of its month: pages over years read months.
_ADD = """
    INSERT INTO antibot_guardtally (span, first_day, post_key, kind, outcome, number)
    SELECT * FROM unnest(%s::text[], %s::date[], %s::text[], %s::text[], %s::text[], %s::bigint[])
    ON CONFLICT (span, first_day, post_key, kind, outcome)
    DO UPDATE SET number = antibot_guardtally.number + EXCLUDED.number
"""


def tally(scope_key: str, kind: str, outcome: str, now: dt.datetime, times: int = 1) -> None:
    """Count something at the post of `scope_key`. Never raises."""
    try:
        call("hincrby", *noted(scope_key, kind, outcome, now), times)
    except CountingAwayError:
        return


def noted(scope_key: str, kind: str, outcome: str, now: dt.datetime) -> tuple[str, str]:
    """The hash and the field of it in which something is counted, for scripts that count it beside other things."""
    return _KEY, f"{post_of(scope_key)}|{now.astimezone(dt.UTC):%Y-%m-%d}|{kind}|{outcome}"


def carry_tallies() -> int:
    """Move the counts into their table; returns how many rows were written."""
    sums: dict[tuple[str, dt.date, str, str, str], int] = {}
    for name, number in drain(_KEY).items():
        post_key, day_text, kind, outcome = name.split("|")
        day = dt.date.fromisoformat(day_text)
        for span, first in ((GuardTally.Span.DAY, day), (GuardTally.Span.MONTH, day.replace(day=1))):
            key = (str(span), first, post_key, kind, outcome)
            sums[key] = sums.get(key, 0) + number
    if sums:
        columns = zip(*((*key, number) for key, number in sorted(sums.items())), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [list(column) for column in columns])
    return len(sums)
