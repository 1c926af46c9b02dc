"""From everything that happened to one file to what stands: corrections applied, quashed decisions dropped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from archives.domain.retention.events import (
    CLOSINGS,
    DECISIONS,
    DRAFTS,
    LINKINGS,
    QUASHES,
    Event,
    EventType,
    HistoryRefusedError,
    Reason,
    read_day,
)

T = EventType
# What may be corrected under art. 24 and moves a date; a correction reaches the newest event of these types.
_CORRECTABLE: dict[str, tuple[str, frozenset[EventType]]] = {
    "valid_until": ("valid_until", frozenset({T.ISSUED, T.EXTENDED, T.SHORTENED})),
    "expiry": ("valid_until", frozenset({T.ISSUED, T.EXTENDED, T.SHORTENED})),
    "valid_from": ("valid_from", frozenset({T.ISSUED})),
    "category": ("category", frozenset({T.ISSUED})),
    "date": ("date", DECISIONS | CLOSINGS),
    "decision_date": ("date", DECISIONS),
    "issue_date": ("date", frozenset({T.ISSUED})),
    "refusal_date": ("date", frozenset({T.REFUSED})),
    "created": ("date", frozenset({T.FILE_CREATED})),
    "creation_date": ("date", frozenset({T.FILE_CREATED})),
}
MOVES_A_DATE = frozenset(_CORRECTABLE)
# Corrections of the person's data: real, recorded, and without effect on any date.
WITHOUT_EFFECT = frozenset(
    [
        "family_name",
        "given_names",
        "surname",
        "first_name",
        "name",
        "birth_date",
        "birth_place",
        "birth_country",
        "sex",
        "nationality",
        "address",
        "email",
        "phone",
        "passport_number",
        "passport_country",
        "passport_valid_until",
        "visa_number",
        "entries",
        "duration_days",
        "purpose",
        "remarks",
    ]
)


@dataclass
class Standing:
    """What stands after the fold. `status` is the event that decides, None while the file is undecided."""

    created: date | None = None
    status: Event | None = None
    issued: Event | None = None
    expiry: date | None = None
    category: str | None = None
    first_decision: Event | None = None
    dismissals: list[date] = field(default_factory=list)
    refusals_annulled: list[date] = field(default_factory=list)
    nationality: date | None = None
    holds: list[tuple[date, date | None]] = field(default_factory=list)
    draft_changed: date | None = None

    @property
    def visa_stands(self) -> bool:
        """Whether a visa was issued and neither annulled nor revoked."""
        return self.status is not None and self.status.type in (T.ISSUED, T.EXTENDED, T.SHORTENED)


def standing(events: Iterable[Event], today: date | None = None) -> Standing:
    """Fold one file's events. With `today`, an event of a later day is refused. Raises HistoryRefusedError."""
    ordered = _in_order(events)
    for event in ordered:
        if today is not None and event.date > today:
            raise HistoryRefusedError(Reason.DATE_IN_FUTURE, event.named())
    corrected = _in_order(_corrected(ordered))
    result = Standing()
    _creation(corrected, result)
    survivors = _survivors(corrected, result)
    decided = [e for e in corrected if e.type in (T.ISSUED, T.REFUSED)]
    result.first_decision = decided[0] if decided else None
    for event in survivors:
        _apply(event, result)
    _side_events(corrected, result)
    return result


def _in_order(events: Iterable[Event]) -> list[Event]:
    """By date; events of one day stay in the order in which they were entered, after the creation of the file."""
    return sorted(events, key=lambda e: (e.date, e.type not in (T.FILE_CREATED, T.DRAFT_CREATED)))


def _corrected(events: Sequence[Event]) -> list[Event]:
    """Each correction replaces the value in the event that it reaches: it counts from the beginning (art. 24)."""
    done: list[Event] = []
    for event in events:
        if event.type is T.CORRECTED:
            _correct(done, event)
        done.append(event)
    return done


def _correct(done: list[Event], correction: Event) -> None:
    name, value = correction.field or "", correction.value or ""
    if name in WITHOUT_EFFECT:
        return
    if name not in _CORRECTABLE:
        raise HistoryRefusedError(Reason.UNKNOWN_CORRECTION, correction.named() | {"field": name[:40]})
    attribute, types = _CORRECTABLE[name]
    for position in range(len(done) - 1, -1, -1):
        found = done[position]
        if found.type in types and (attribute == "date" or getattr(found, attribute) or found.type is T.ISSUED):
            if attribute == "category":
                if value not in ("A", "C", "D"):
                    raise HistoryRefusedError(Reason.BAD_CATEGORY, correction.named() | {"value": value[:10]})
                done[position] = replace(found, category=value)
            else:
                day = read_day(value, "UTC", name)
                if attribute == "date" and day > correction.date:
                    raise HistoryRefusedError(Reason.DATE_IN_FUTURE, correction.named() | {"value": value[:40]})
                done[position] = _moved(found, attribute, day)
            return
    raise HistoryRefusedError(Reason.NOTHING_TO_CORRECT, correction.named() | {"field": name})


def _moved(event: Event, attribute: str, day: date) -> Event:
    if attribute == "date":
        return replace(event, date=day)
    return replace(event, valid_from=day) if attribute == "valid_from" else replace(event, valid_until=day)


def _creation(events: Sequence[Event], result: Standing) -> None:
    """Exactly one creation, before everything else; a draft alone needs none."""
    created = [e for e in events if e.type is T.FILE_CREATED]
    if len(created) > 1:
        raise HistoryRefusedError(Reason.CREATED_TWICE, created[1].named())
    drafts = [e.date for e in events if e.type in DRAFTS]
    if not created:
        others = [e for e in events if e.type not in DRAFTS and e.type not in LINKINGS]
        if others or not drafts:
            raise HistoryRefusedError(Reason.NEVER_CREATED, others[0].named() if others else {})
        result.draft_changed = max(drafts)
        return
    result.created = created[0].date
    for event in events:
        # The person's nationality may be older than this file; a draft is older by nature.
        anytime = event.type in DRAFTS or event.type in LINKINGS or event.type is T.NATIONALITY_ACQUIRED_NOTIFIED
        if not anytime and event.date < result.created:
            raise HistoryRefusedError(Reason.BEFORE_CREATION, event.named())


def _survivors(events: Sequence[Event], result: Standing) -> list[Event]:
    """Decisions and closings that no final ruling quashed, in order."""
    kept: list[Event] = []
    for event in events:
        if event.type in QUASHES:
            target = QUASHES[event.type]
            position = next((i for i in range(len(kept) - 1, -1, -1) if kept[i].type is target), None)
            if position is None:
                raise HistoryRefusedError(Reason.NOTHING_TO_QUASH, event.named())
            del kept[position]
            if target is T.REFUSED:
                result.refusals_annulled.append(event.date)
        elif event.type in DECISIONS or event.type in CLOSINGS:
            kept.append(event)
    return kept


def _apply(event: Event, now: Standing) -> None:
    """One surviving decision. A closing changes nothing once there is a decision."""
    if event.type in CLOSINGS:
        if now.status is None or now.status.type in CLOSINGS:
            now.status = event
        return
    if event.type in (T.ISSUED, T.REFUSED):
        if now.status is not None and now.status.type not in CLOSINGS | {T.REFUSED}:
            raise HistoryRefusedError(Reason.VISA_STANDS, event.named())
        if event.type is T.ISSUED:
            _issue(event, now)
    elif not now.visa_stands:
        raise HistoryRefusedError(Reason.NO_VISA, event.named())
    elif event.type in (T.EXTENDED, T.SHORTENED):
        _move_expiry(event, now)
    now.status = event


def _issue(event: Event, now: Standing) -> None:
    until = event.valid_until
    if until is None:
        raise HistoryRefusedError(Reason.MISSING_FIELD, event.named() | {"field": "valid_until"})
    if until < event.date:
        raise HistoryRefusedError(Reason.EXPIRY_BEFORE_ISSUE, event.named())
    if event.valid_from is not None and until < event.valid_from:
        raise HistoryRefusedError(Reason.EXPIRY_BEFORE_START, event.named())
    now.issued, now.expiry, now.category = event, until, event.category or "C"


def _move_expiry(event: Event, now: Standing) -> None:
    until, expiry = event.valid_until, now.expiry
    if expiry is None:
        raise HistoryRefusedError(Reason.NO_VISA, event.named())
    if event.type is T.EXTENDED:
        if until is None:
            raise HistoryRefusedError(Reason.MISSING_FIELD, event.named() | {"field": "valid_until"})
        if until < expiry:
            raise HistoryRefusedError(Reason.EXPIRY_MOVES_BACK, event.named())
    if event.type is T.SHORTENED and until is not None and until > expiry:
        raise HistoryRefusedError(Reason.EXPIRY_MOVES_ON, event.named())
    now.expiry = until or expiry


def _side_events(events: Sequence[Event], now: Standing) -> None:
    """Nationality, appeals and holds: they do not move the start."""
    depth, opened = 0, date.min
    contested = False
    for event in events:
        if event.type is T.NATIONALITY_ACQUIRED_NOTIFIED:
            now.nationality = min(now.nationality or event.date, event.date)
        elif event.type in DECISIONS or event.type is T.APPEAL_LODGED:
            contested = True
        elif event.type is T.APPEAL_DISMISSED_FINAL:
            if not contested:
                raise HistoryRefusedError(Reason.NOT_CONTESTED, event.named())
            now.dismissals.append(event.date)
        elif event.type is T.LEGAL_HOLD_SET:
            opened = event.date if depth == 0 else opened
            depth += 1
        elif event.type is T.LEGAL_HOLD_LIFTED:
            if depth == 0:
                raise HistoryRefusedError(Reason.NO_HOLD, event.named())
            depth -= 1
            if depth == 0:
                now.holds.append((opened, event.date))
    if depth:
        now.holds.append((opened, None))
