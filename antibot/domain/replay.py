"""Trying another policy on recorded acts: what each of them would have met."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from antibot.domain.policy import Policy
from antibot.domain.scores import Step, block_hours_after, step_of


class Effect(StrEnum):
    """What an act would have met."""

    FREE = "free"
    HARDER = "harder"
    SLOWED = "slowed"
    CAPPED = "capped"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Recorded:
    """One act as the limits saw it. `at` is in seconds; the points are those of the policy that was in force then."""

    at: float
    network: bytes
    own: float
    rollup: float
    network_acts: int
    session_acts: int
    shared: bool = False
    hosting: bool = False


@dataclass
class Replay:
    """One policy, fed with acts in the order of time.

    The counts are never lower than what would have happened: an act that is held back here is not repeated later, and
    who is slowed by a new policy would have earned fewer points afterwards.
    """

    policy: Policy
    _blocked_until: dict[bytes, float] = field(default_factory=dict)
    _blocks: dict[bytes, int] = field(default_factory=dict)  # a replay is over seven days, all of which count
    _windows: dict[bytes, int] = field(default_factory=dict)

    def meets(self, act: Recorded) -> Effect:
        """What this act would have met."""
        policy = self.policy
        if self._blocked_until.get(act.network, 0.0) > act.at:
            return Effect.BLOCKED
        step = step_of(act.own, act.rollup, policy, shared=act.shared)
        if step is Step.BLOCK:
            earlier = self._blocks.get(act.network, 0)
            self._blocks[act.network] = earlier + 1
            self._blocked_until[act.network] = act.at + block_hours_after(earlier, policy) * 3600
            return Effect.BLOCKED
        if step is Step.SLOWER and self._second_in_window(act):
            return Effect.SLOWED
        factor = policy.shared_factor if act.shared else 1
        if act.network_acts > policy.acts_per_minute * factor or act.session_acts > policy.acts_per_session_minute:
            return Effect.CAPPED
        if policy.captcha and (act.hosting or step >= Step.CHALLENGE or policy.captcha_hard_always):
            return Effect.HARDER
        return Effect.FREE

    def _second_in_window(self, act: Recorded) -> bool:
        """One act passes in each window of `slower_seconds`, as at the gate."""
        window = int(act.at // self.policy.slower_seconds)
        if self._windows.get(act.network) == window:
            return True
        self._windows[act.network] = window
        return False
