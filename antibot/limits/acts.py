"""Recording posted forms for a week, so that staff can see what another policy would have meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from antibot.domain.policy import post_of
from antibot.limits.counting import CountingAwayError, run
from antibot.limits.origins import Caller
from antibot.limits.scoring import Points
from antibot.models import Act

_KEY = "acts"
# Above this many between two sweeps (a minute) nothing more is written down: a flood must not fill the memory, and a
# preview needs no more than a sample of it.
MOST_WAITING = 50_000
_PUSH = f"if redis.call('LLEN', KEYS[1]) < {MOST_WAITING} then redis.call('RPUSH', KEYS[1], ARGV[1]) end"
_TAKE = (
    "local some = redis.call('LRANGE', KEYS[1], 0, ARGV[1] - 1); redis.call('LTRIM', KEYS[1], ARGV[1], -1); return some"
)


def note_act(
    who: Caller, session: bytes, scope_key: str, points: Points, network_acts: int, session_acts: int, now: datetime
) -> None:
    """Write down one posted form as the limits saw it. Never raises."""
    row = [
        int(now.timestamp() * 1000),
        scope_key,
        who.index[:12].hex(),
        session.hex(),
        round(points.own, 3),
        round(points.rollup, 3),
        network_acts,
        session_acts,
        int(who.shared),
        int(who.hosting),
    ]
    try:
        run(_PUSH, [_KEY], [json.dumps(row)])
    except CountingAwayError:
        return


def carry_acts(most: int = MOST_WAITING) -> int:
    """Move what was written down into its table; returns how many rows."""
    try:
        waiting: list[bytes] = run(_TAKE, [_KEY], [most])
    except CountingAwayError:
        return 0
    rows = [_row(*json.loads(line)) for line in waiting]
    Act.objects.bulk_create(rows, batch_size=2000)
    return len(rows)


def _row(  # noqa: PLR0917 - the fields of a line, in their order
    at: int,
    scope_key: str,
    network: str,
    session: str,
    own: float,
    above: float,
    network_acts: int,
    session_acts: int,
    shared: int,
    hosting: int,
) -> Act:
    return Act(
        at=datetime.fromtimestamp(at / 1000, UTC),
        scope_key=scope_key,
        post_key=post_of(scope_key),
        network_key=bytes.fromhex(network),
        session_hash=bytes.fromhex(session),
        own_points=own,
        range_points=above,
        network_acts=network_acts,
        session_acts=session_acts,
        shared=bool(shared),
        hosting=bool(hosting),
    )
