"""From what stands to dates: start, last day, first day on which the data must be gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from archives.domain.retention.events import CLOSINGS, Event, EventType, HistoryRefusedError, Reason
from archives.domain.retention.history import Standing, standing
from archives.domain.retention.periods import ONE_DAY, Period, last_day, next_working_day
from archives.domain.retention.policy import Policy
from archives.domain.retention.profiles import FLOOR_BASIS, FLOOR_COVERS, FLOORS, Anchor, Profile, Rule

T = EventType


class State(StrEnum):
    """Whether a period runs."""

    RUNNING = "RUNNING"
    # No starting event: nothing can be erased under the text, and somebody has to decide the file.
    OPEN_NO_START = "OPEN_NO_START"
    DRAFT = "DRAFT"


@dataclass(frozen=True)
class Partial:
    """A part of the file that goes before the rest."""

    what: str
    last_retention_day: date
    basis: str

    @property
    def must_be_gone_from(self) -> date:
        """The day after the last."""
        return self.last_retention_day + ONE_DAY


@dataclass(frozen=True)
class RestrictedCopy:
    """What litigation may keep once the file itself is gone; without a last day while the hold stands."""

    allowed_from: date
    last_retention_day: date | None

    @property
    def must_be_gone_from(self) -> date | None:
        """The day after the last, None while the hold stands."""
        return self.last_retention_day and self.last_retention_day + ONE_DAY


@dataclass(frozen=True)
class Verdict:
    """Everything that the texts say about one file."""

    profile: Profile
    state: State
    status: EventType | None
    start_date: date | None = None
    start_basis: str = "none"
    last_retention_day: date | None = None
    ordinary_last_day: date | None = None
    advance_basis: str | None = None
    partials: tuple[Partial, ...] = ()
    restricted_copy: RestrictedCopy | None = None
    floor_applies: bool | None = None
    floor_until: date | None = None
    floor_set_by_appeal: bool = False
    cap_without_floor: date | None = None
    category: str | None = None

    @property
    def must_be_gone_from(self) -> date | None:
        """The first day on which nothing may be left."""
        return self.last_retention_day and self.last_retention_day + ONE_DAY

    def must_be_gone_instant(self, zone: str) -> datetime | None:
        """00:00 of that day in `zone`."""
        gone = self.must_be_gone_from
        return datetime.combine(gone, time.min, ZoneInfo(zone)) if gone else None

    @property
    def records_last_day(self) -> date | None:
        """Until when records of processing stay (VIS art. 34(2)); the text is silent on an advance erasure."""
        if self.profile.records is None or self.last_retention_day is None or self.advance_basis:
            return None
        return last_day(self.last_retention_day, self.profile.records)


def judge(
    events: Iterable[Event], profile: Profile, policy: Policy | None = None, today: date | None = None
) -> Verdict:
    """The dates of one file. `today` (a civil date) makes later events a refusal. Raises HistoryRefusedError."""
    policy = policy or Policy()
    now = standing(events, today)
    if now.category is not None and now.category not in profile.covers:
        raise HistoryRefusedError(Reason.OUT_OF_SCOPE, {"profile": profile.key, "category": now.category})
    start, rule = _start(now, profile, policy)
    last = _end(start, rule.period, policy) if start and rule else None
    basis = rule.basis if rule else "none"
    floor, by_appeal = _floor(now)
    cap = None
    if profile.yields_to_floor and policy.floor_prevails and last and floor and floor > last:
        cap, last, basis = last, floor, f"{basis} + {FLOOR_BASIS}"
    ordinary, advance = last, None
    early = _advance(now)
    if early is not None and (last is None or early < last):
        last, advance = early, "25(1)"
    state = State.DRAFT if now.created is None and rule else State.RUNNING if last else State.OPEN_NO_START
    return Verdict(
        profile,
        state,
        now.status.type if now.status else None,
        start,
        basis,
        last,
        ordinary,
        advance,
        _partials(now, profile, last),
        _copy(now, policy, last),
        None if now.category is None else now.category in FLOOR_COVERS,
        floor,
        by_appeal,
        cap,
        now.category,
    )


def _end(start: date, period: Period, policy: Policy) -> date:
    last = last_day(start, period)
    return next_working_day(last, policy.is_working_day) if policy.rolls_over_days_off else last


def _start(now: Standing, profile: Profile, policy: Policy) -> tuple[date | None, Rule | None]:
    """The date from which the period runs, and the rule that says so; both None while nothing was decided."""
    if now.created is None:
        return (now.draft_changed, profile.draft) if profile.draft else (None, None)
    if now.status is None:
        return None, None
    rule = profile.rules[now.status.type]
    if rule.anchor is Anchor.EXPIRY:
        return now.expiry, rule
    if rule.anchor is Anchor.CREATION:
        return now.created, rule
    start = now.status.date
    if policy.earliest_start_wins and now.expiry and now.status.type in (T.ANNULLED, T.REVOKED):
        start = min(start, now.expiry)
    return start, rule


def _advance(now: Standing) -> date | None:
    """Art. 25(1): without delay, that is on the day of the notification, or of the file's creation if that is later."""
    if now.nationality is None:
        return None
    return max(now.nationality, now.created) if now.created else now.nationality


def _floor(now: Standing) -> tuple[date | None, bool]:
    """Until when the individual file has to stay (Visa Code art. 37(3)), and whether an appeal's end says so.

    An appeal that has not ended has no date yet and lengthens nothing here.
    """
    if now.status is None or now.status.type in CLOSINGS or (now.category or "C") not in FLOOR_COVERS:
        return None, False
    decided = now.status.date
    period = next(period for since, period in FLOORS if decided >= since)
    floor, by_appeal = last_day(decided, period), False
    if now.dismissals and max(now.dismissals) > floor:
        floor, by_appeal = max(now.dismissals), True
    if now.visa_stands and now.expiry and now.expiry > floor:
        floor, by_appeal = now.expiry, False
    return floor, by_appeal


def _partials(now: Standing, profile: Profile, last: date | None) -> tuple[Partial, ...]:
    """Parts that go earlier than the file; a part that would outlive it goes with it and is not named."""
    parts = [Partial("refusal_data_art12", day, "25(3)") for day in now.refusals_annulled]
    deciding = now.first_decision or now.status
    rule = profile.fingerprints.get(deciding.type) if deciding else None
    if rule and deciding and now.created:
        from_day = now.created if rule.anchor is Anchor.CREATION else deciding.date
        parts.append(Partial("fingerprints", last_day(from_day, rule.period), rule.basis))
    return tuple(part for part in parts if last is None or part.last_retention_day < last)


def _copy(now: Standing, policy: Policy, last: date | None) -> RestrictedCopy | None:
    """Only a hold that stands when the file goes can keep a copy: nothing erased comes back."""
    if last is None or not policy.litigation_copies:
        return None
    gone = last + ONE_DAY
    for opened, lifted in now.holds:
        if opened <= last and (lifted is None or lifted >= gone):
            return RestrictedCopy(gone, lifted)
    return None
