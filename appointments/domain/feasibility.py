"""Whether a release policy can work at all, and where it will disappoint: told before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction

from .release import Pace


class Flaw(Enum):
    """Why a policy is refused."""

    HOURS_EMPTY = auto()
    TICK_TOO_LONG = auto()
    PACE_TOO_HIGH = auto()
    LATE_PACE_TOO_HIGH = auto()
    LEADS_REVERSED = auto()
    LEAD_TOO_LONG = auto()
    LATE_LEAVES_NOTHING = auto()
    RELEASE_TOO_SMALL_FOR_FAMILIES = auto()
    BATCH_TOO_SMALL_FOR_FAMILIES = auto()
    BATCH_WITHOUT_TIME = auto()
    WINDOW_TOO_SHORT = auto()
    PERCENT_OUT_OF_RANGE = auto()


class Warn(Enum):
    """What staff should know before they save a policy that can work."""

    SLOTS_WILL_BE_LEFT = auto()
    POOL_WILL_RUN_DRY = auto()
    NO_LATE_STREAM = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """A flaw or a warning with the numbers that its sentence needs."""

    what: Flaw | Warn
    data: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A policy as somebody typed it. Days and percents are whole numbers, the window is in seconds."""

    pace: Pace
    mode: str
    late_slots_per_day: int
    late_days: int
    lead_min_days: int
    lead_max_days: int
    claim_window_seconds: int
    has_batch_time: bool
    urgent_percent: int
    first_come_percent: int
    largest_group: int


LONGEST_LEAD_DAYS = 183
"""Visa Code, Regulation (EC) 810/2009 as amended, article 9(1): not more than six months before the intended visit."""


def flaws(proposal: Proposal) -> list[Finding]:
    """Everything that makes a policy impossible; an empty list: it can work."""
    pace = proposal.pace
    found: list[Finding] = []
    if pace.seconds_a_day <= 0:
        return [Finding(Flaw.HOURS_EMPTY, {})]
    if pace.tick_seconds <= 0 or pace.ticks_a_day < 1 or pace.largest < 1:
        return [Finding(Flaw.TICK_TOO_LONG, {"seconds": pace.seconds_a_day})]
    most = int(Fraction(1 + pace.largest, 2) * pace.ticks_a_day)
    if pace.probability > 1:
        found.append(Finding(Flaw.PACE_TOO_HIGH, {"asked": pace.slots_per_day, "most": most}))
    if proposal.late_slots_per_day > most:
        found.append(Finding(Flaw.LATE_PACE_TOO_HIGH, {"asked": proposal.late_slots_per_day, "most": most}))
    return found + _lead_flaws(proposal) + _claim_flaws(proposal)


def _lead_flaws(proposal: Proposal) -> list[Finding]:
    found: list[Finding] = []
    if proposal.lead_min_days > proposal.lead_max_days:
        found.append(Finding(Flaw.LEADS_REVERSED, {"min": proposal.lead_min_days, "max": proposal.lead_max_days}))
    elif proposal.late_slots_per_day and proposal.late_days >= proposal.lead_max_days:
        found.append(Finding(Flaw.LATE_LEAVES_NOTHING, {"late": proposal.late_days, "max": proposal.lead_max_days}))
    if proposal.lead_max_days > LONGEST_LEAD_DAYS:
        found.append(Finding(Flaw.LEAD_TOO_LONG, {"max": proposal.lead_max_days, "most": LONGEST_LEAD_DAYS}))
    return found


def _claim_flaws(proposal: Proposal) -> list[Finding]:
    found: list[Finding] = []
    group, largest = proposal.largest_group, proposal.pace.largest
    if proposal.mode == "batch":
        if not proposal.has_batch_time:
            found.append(Finding(Flaw.BATCH_WITHOUT_TIME, {}))
        if 0 < proposal.pace.slots_per_day < group:
            found.append(
                Finding(Flaw.BATCH_TOO_SMALL_FOR_FAMILIES, {"group": group, "slots": proposal.pace.slots_per_day})
            )
    elif group > largest:
        found.append(Finding(Flaw.RELEASE_TOO_SMALL_FOR_FAMILIES, {"group": group, "largest": largest}))
    if proposal.mode == "windowed" and proposal.claim_window_seconds < 30:
        found.append(Finding(Flaw.WINDOW_TOO_SHORT, {"seconds": proposal.claim_window_seconds}))
    percents = (proposal.urgent_percent, proposal.first_come_percent)
    found += [Finding(Flaw.PERCENT_OUT_OF_RANGE, {"percent": one}) for one in percents if not 0 <= one <= 100]
    return found


def warnings(proposal: Proposal, capacity_per_day: int | None) -> list[Finding]:
    """What a policy that can work will do to the slots there are.

    `capacity_per_day` is how many slots a day the opening hours make, on average; None: not known.
    """
    found: list[Finding] = []
    opened = proposal.pace.slots_per_day + proposal.late_slots_per_day
    if capacity_per_day is not None and opened < capacity_per_day:
        found.append(Finding(Warn.SLOTS_WILL_BE_LEFT, {"opened": opened, "capacity": capacity_per_day}))
    if capacity_per_day is not None and proposal.pace.slots_per_day > capacity_per_day:
        found.append(
            Finding(Warn.POOL_WILL_RUN_DRY, {"opened": proposal.pace.slots_per_day, "capacity": capacity_per_day})
        )
    if not proposal.late_slots_per_day:
        found.append(Finding(Warn.NO_LATE_STREAM, {"days": proposal.lead_min_days}))
    return found
