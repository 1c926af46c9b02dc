"""Posted forms of a week, so that staff can see what another policy would have meant.

`antibot.limits.passing` writes them down as they come.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from antibot.domain.policy import post_of
from antibot.limits.counting import CountingAwayError, run
from antibot.models import Act

KEY = "acts"
# Above this many between two sweeps (a minute) nothing more is written down: a flood must not fill the memory, and a
# preview needs no more than a sample of it.
MOST_WAITING = 50_000
_TAKE = (
    "local some = redis.call('LRANGE', KEYS[1], 0, ARGV[1] - 1); redis.call('LTRIM', KEYS[1], ARGV[1], -1); return some"
)


def carry_acts(most: int = MOST_WAITING) -> int:
    """Move what was written down into its table; returns how many rows."""
    try:
        waiting: list[bytes] = run(_TAKE, [KEY], [most])
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
