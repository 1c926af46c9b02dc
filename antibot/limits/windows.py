"""Caps that a whole crowd meets: each counted by one script, beside whatever else the same moment wants to know.

django-ratelimit (`caps`) counts what is rare. It asks Valkey up to three times for one act, and knows no clock but the
machine's.
"""

from __future__ import annotations

from datetime import datetime

from antibot.domain.policy import Policy
from antibot.limits.caps import Usage
from antibot.limits.counting import CountingAwayError, run
from antibot.limits.origins import Caller
from antibot.limits.scoring import STANDING, Points

MINUTE, HOUR = 60, 3600
MOST_COUNTED = 1_000_000  # acts of a window; with the second before them they stay below 2 ** 53, exact in Lua
# A window begins with the first act, as the caps are told to people: so many a minute. It is kept as one number, the
# second it began and how many acts there were, and ends by the `now` that it is given, so that a simulated clock ends
# it as a real one. A `now` before its beginning (a server whose clock is behind) counts in it like any other. Expiry in
# Valkey is set at its beginning only: it frees memory, and ends a window that began in a future which a clock took
# back. `counted` counts one act and gives the number and the seconds left; `stands` only looks.
WINDOWS = f"""
local function counted(key, now, window)
  local kept = redis.call('INCR', key)
  local passed = math.max(0, now - math.floor(kept / {MOST_COUNTED}))
  if passed >= window then
    redis.call('SET', key, string.format('%.0f', now * {MOST_COUNTED} + 1), 'EX', 2 * window)
    return 1, window
  end
  return kept % {MOST_COUNTED}, window - passed
end
local function stands(key, now, window)
  local kept = tonumber(redis.call('GET', key) or 0)
  return now - math.floor(kept / {MOST_COUNTED}) >= window and 0 or kept % {MOST_COUNTED}
end
"""
_COUNT = f"""{WINDOWS}
if ARGV[3] ~= '' then redis.call('HINCRBY', KEYS[2], ARGV[3], 1) end
return {{counted(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]))}}
"""
# ARGV: now, half-life.
_ASK = f"""{WINDOWS}{STANDING}
local now, half = tonumber(ARGV[1]), tonumber(ARGV[2])
local count, left = counted(KEYS[1], now, {MINUTE})
return {{count, left, stands(KEYS[2], now, {HOUR}), standing(KEYS[3], now, half), standing(KEYS[4], now, half)}}
"""


def window_key(cap: str, network_key: str) -> str:
    """Where the window of a cap is kept."""
    return f"w:{cap}:{network_key}"


def count(
    cap: str, network_key: str, limit: int, seconds: int, now: datetime, tallied: tuple[str, str] | None = None
) -> Usage:
    """Count one act of a network, and, on the same way to Valkey, what `tallies.noted` names."""
    keys, field = [window_key(cap, network_key)], ""
    if tallied is not None:
        keys.append(tallied[0])
        field = tallied[1]
    try:
        number, left = run(_COUNT, keys, [int(now.timestamp()), seconds, field])
    except CountingAwayError:
        return Usage(0, limit, 0, known=False)
    return Usage(number, limit, left)


def count_picture(who: Caller, limit: int, policy: Policy, now: datetime) -> tuple[Usage, int, Points]:
    """Count a picture that is about to be shown; also how many challenges were solved without a proof, and points."""
    keys = [window_key("pictures", who.key), window_key("unproven", who.key), f"s:{who.key}", f"s:{who.rollup_key}"]
    try:
        number, left, unproven, own, rollup = run(_ASK, keys, [int(now.timestamp()), policy.half_life_minutes * 60])
    except CountingAwayError:
        return Usage(0, limit, 0, known=False), 0, Points(0.0, 0.0, known=False)
    return Usage(number, limit, left), unproven, Points(float(own), float(rollup))
