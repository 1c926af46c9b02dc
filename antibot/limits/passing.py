"""A posted form goes by: its network's points are read, it is counted in its caps and written down.

The door that a whole crowd goes through, so all of it is one script and one way to Valkey.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime

from antibot.domain.policy import Policy
from antibot.limits.acts import KEY, MOST_WAITING
from antibot.limits.caps import Usage
from antibot.limits.counting import CountingAwayError, run
from antibot.limits.origins import Caller, factor_of
from antibot.limits.scoring import STANDING, Points
from antibot.limits.windows import MINUTE, WINDOWS
from antibot.purposes import Purpose

# ARGV: now, half-life, the points below which it is counted, the window, the written line's beginning and end, and
# whether it is written down although it was not counted. Points decay as in `scoring`.
_PASS = f"""{WINDOWS}{STANDING}
local now, half, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local own = standing(KEYS[1], now, half)
local out = {{own, standing(KEYS[2], now, half), 0, 0, 0, 0, 0}}
if tonumber(own) < tonumber(ARGV[3]) then
  for i = 1, 2 do out[2 * i + 1], out[2 * i + 2] = counted(KEYS[2 + i], now, window) end
  out[7] = 1
end
if (out[7] == 1 or ARGV[7] == '1') and redis.call('LLEN', KEYS[5]) < {MOST_WAITING} then
  local line = string.format('%s, %s, %d, %d', out[1], out[2], out[5], out[3])
  redis.call('RPUSH', KEYS[5], ARGV[5] .. line .. ARGV[6])
end
return out
"""


@dataclass(frozen=True)
class Passed:
    """What was seen: points, and acts within the minute, this one included, where it was `counted`."""

    points: Points
    session: Usage
    network: Usage
    counted: bool


@dataclass(frozen=True)
class Act:
    """One posted form."""

    who: Caller
    session: bytes
    purpose: Purpose
    scope_key: str
    policy: Policy
    now: datetime

    def pass_by(self, *, slow: bool = False) -> Passed | None:
        """Count it, unless its network has so many points that it has to wait first; `slow`: it has waited.

        None while Valkey is away.
        """
        waits = not slow and not self.who.shared
        return self._run(self.policy.step_slower if waits else math.inf, noted=False)

    def write_down(self) -> Passed | None:
        """Only write it down: it was refused before it was counted."""
        return self._run(-1, noted=True)

    def _run(self, below: float, *, noted: bool) -> Passed | None:
        who, limits = self.who, self._limits()
        keys = [f"s:{who.key}", f"s:{who.rollup_key}", *(f"w:{name}" for name, _limit in limits), KEY]
        head, tail = self._line()
        half_life = self.policy.half_life_minutes * 60
        args = [int(self.now.timestamp()), half_life, below, MINUTE, head, tail, int(noted)]
        try:
            own, rollup, *counts, counted = run(_PASS, keys, args)
        except CountingAwayError:
            return None
        session, network = (
            Usage(counts[2 * at], limit, counts[2 * at + 1]) for at, (_name, limit) in enumerate(limits)
        )
        return Passed(Points(float(own), float(rollup)), session, network, bool(counted))

    def _limits(self) -> tuple[tuple[str, int], tuple[str, int]]:
        policy = self.policy
        return (
            (f"session:{self.session.hex()}", policy.acts_per_session_minute),
            (f"acts.{self.purpose}:{self.who.key}", policy.acts_per_minute * factor_of(policy, self.who)),
        )

    def _line(self) -> tuple[str, str]:
        """A line as `acts.carry_acts` reads it, around the points and counts that the script puts in."""
        who = self.who
        before = [int(self.now.timestamp() * 1000), self.scope_key, who.index[:12].hex(), self.session.hex()]
        return f"{json.dumps(before)[:-1]}, ", f", {int(who.shared)}, {int(who.hosting)}]"
