"""Scores in Valkey: one small key a network, read and written by one atomic script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from antibot.domain.policy import Policy
from antibot.limits.counting import CountingAwayError, call, run
from antibot.limits.origins import Caller

# The points of a key as they stand at `now`, as text: Valkey cuts numbers off.
STANDING = """
local function standing(key, now, half)
  local points, at = string.match(redis.call('GET', key) or '0 0', '^(%S+) (%S+)$')
  return string.format('%.3f', tonumber(points) * 0.5 ^ (math.max(0, now - tonumber(at)) / half))
end
"""
# A key holds `points instant`. The instant comes from the caller, so that a simulated clock decays as a real one and a
# server with a slow clock cannot make points grow; expiry in Valkey only frees memory (points below 0.05).
_ADD = """
local now, half = tonumber(ARGV[1]), tonumber(ARGV[2])
local out = {}
for i, key in ipairs(KEYS) do
  local points, at = 0, now
  local kept = redis.call('GET', key)
  if kept then
    local p, t = string.match(kept, '^(%S+) (%S+)$')
    points, at = tonumber(p), tonumber(t)
    if now > at then points = points * 0.5 ^ ((now - at) / half); at = now end
  end
  local added = tonumber(ARGV[2 + i])
  if added > 0 then
    points = points + added
    local life = math.ceil(half * math.max(1, math.log(points / 0.05) / math.log(2)))
    redis.call('SET', key, string.format('%.3f %.0f', points, at), 'EX', life)
  end
  out[i] = string.format('%.3f', points)
end
return out
"""


@dataclass(frozen=True)
class Points:
    """Points of a network and of the range above it; `known` is False while Valkey is away."""

    own: float
    rollup: float
    known: bool = True


def add_points(who: Caller, points: float, policy: Policy, now: datetime, *, kind: str = "s") -> Points:
    """Add `points` to the caller's network and its range; 0 only reads. Never raises.

    `kind` names the account: `s` is the one that decides, a version in shadow has one of its own.
    """
    keys = [f"{kind}:{who.key}", f"{kind}:{who.rollup_key}"]
    try:
        own, rollup = run(_ADD, keys, [int(now.timestamp()), policy.half_life_minutes * 60, points, points])
    except CountingAwayError:
        return Points(0.0, 0.0, known=False)
    return Points(float(own), float(rollup))


def read_points(who: Caller, policy: Policy, now: datetime) -> Points:
    """The points as they stand at `now`."""
    return add_points(who, 0, policy, now)


def clear_points(who_key: str) -> None:
    """Forget a network's points: after a block it starts afresh."""
    try:
        call("delete", f"s:{who_key}")
    except CountingAwayError:
        return
