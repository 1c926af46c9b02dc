"""What can happen to a visa file, read from what people and other systems send."""

import datetime as dates
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class EventType(StrEnum):
    """Every event that a retention rule knows."""

    FILE_CREATED = "FILE_CREATED"
    ISSUED = "ISSUED"
    EXTENDED = "EXTENDED"
    CORRECTED = "CORRECTED"
    REFUSED = "REFUSED"
    ANNULLED = "ANNULLED"
    REVOKED = "REVOKED"
    SHORTENED = "SHORTENED"
    WITHDRAWN = "WITHDRAWN"
    CLOSED = "CLOSED"
    DISCONTINUED = "DISCONTINUED"
    APPEAL_LODGED = "APPEAL_LODGED"
    APPEAL_DISMISSED_FINAL = "APPEAL_DISMISSED_FINAL"
    REFUSAL_ANNULLED_FINAL = "REFUSAL_ANNULLED_FINAL"
    ANNULMENT_QUASHED_FINAL = "ANNULMENT_QUASHED_FINAL"
    REVOCATION_QUASHED_FINAL = "REVOCATION_QUASHED_FINAL"
    NATIONALITY_ACQUIRED_NOTIFIED = "NATIONALITY_ACQUIRED_NOTIFIED"
    LEGAL_HOLD_SET = "LEGAL_HOLD_SET"
    LEGAL_HOLD_LIFTED = "LEGAL_HOLD_LIFTED"
    LINKED_GROUP = "LINKED_GROUP"
    LINKED_PREVIOUS = "LINKED_PREVIOUS"
    DRAFT_CREATED = "DRAFT_CREATED"
    DRAFT_MODIFIED = "DRAFT_MODIFIED"


T = EventType
CLOSINGS = frozenset({T.WITHDRAWN, T.CLOSED, T.DISCONTINUED})
LINKINGS = frozenset({T.LINKED_GROUP, T.LINKED_PREVIOUS})
DRAFTS = frozenset({T.DRAFT_CREATED, T.DRAFT_MODIFIED})
QUASHES: Mapping[EventType, EventType] = {
    T.REFUSAL_ANNULLED_FINAL: T.REFUSED,
    T.ANNULMENT_QUASHED_FINAL: T.ANNULLED,
    T.REVOCATION_QUASHED_FINAL: T.REVOKED,
}
DECISIONS = frozenset({T.ISSUED, T.EXTENDED, T.REFUSED, T.ANNULLED, T.REVOKED, T.SHORTENED})


class Reason(StrEnum):
    """Why a history is refused. Nothing is guessed: a date that rests on a guess erases too early or too late."""

    UNKNOWN_PROFILE = "UNKNOWN_PROFILE"
    UNKNOWN_EVENT_TYPE = "UNKNOWN_EVENT_TYPE"
    NOT_AN_EVENT = "NOT_AN_EVENT"
    BAD_DATE = "BAD_DATE"
    BAD_CATEGORY = "BAD_CATEGORY"
    MISSING_FIELD = "MISSING_FIELD"
    DATE_IN_FUTURE = "DATE_IN_FUTURE"
    EXPIRY_BEFORE_ISSUE = "EXPIRY_BEFORE_ISSUE"
    EXPIRY_BEFORE_START = "EXPIRY_BEFORE_START"
    EXPIRY_MOVES_BACK = "EXPIRY_MOVES_BACK"
    EXPIRY_MOVES_ON = "EXPIRY_MOVES_ON"
    BEFORE_CREATION = "BEFORE_CREATION"
    NEVER_CREATED = "NEVER_CREATED"
    CREATED_TWICE = "CREATED_TWICE"
    VISA_STANDS = "VISA_STANDS"
    NO_VISA = "NO_VISA"
    NOTHING_TO_QUASH = "NOTHING_TO_QUASH"
    NOTHING_TO_CORRECT = "NOTHING_TO_CORRECT"
    UNKNOWN_CORRECTION = "UNKNOWN_CORRECTION"
    NO_HOLD = "NO_HOLD"
    NOT_CONTESTED = "NOT_CONTESTED"
    UNKNOWN_FILE = "UNKNOWN_FILE"
    LINKED_TO_ITSELF = "LINKED_TO_ITSELF"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"


class HistoryRefusedError(Exception):
    """A history that cannot be true, or cannot be read; `data` names the event, never a person."""

    def __init__(self, reason: Reason, data: Mapping[str, str] | None = None) -> None:
        """`data` is what the sentence for the person needs."""
        super().__init__(reason, dict(data or {}))
        self.reason = reason
        self.data: dict[str, str] = dict(data or {})


@dataclass(frozen=True)
class Event:
    """One event; which of the optional fields count depends on the type."""

    type: EventType
    date: dates.date
    valid_from: dates.date | None = None
    valid_until: dates.date | None = None
    category: str | None = None
    field: str | None = None
    value: str | None = None
    file: str | None = None
    files: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """What a refusal says about this event."""
        return {"event": self.type.value, "date": self.date.isoformat()}


# Nobody holds a visa outside these years; a typing error in the year would otherwise keep a file for centuries.
FIRST_YEAR, LAST_YEAR = 1950, 2200
_CIVIL = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
NEEDS: Mapping[EventType, tuple[str, ...]] = {
    T.ISSUED: ("valid_until",),
    T.EXTENDED: ("valid_until",),
    T.CORRECTED: ("field", "value"),
    T.LINKED_GROUP: ("files",),
    T.LINKED_PREVIOUS: ("files",),
}


def read_day(value: Any, zone: str, name: str = "date") -> date:
    """A civil date (`2024-02-29`), or an instant with its offset, which is dated in `zone`.

    Raises HistoryRefusedError(BAD_DATE) for anything else, an instant without offset included: its day is unknown.
    """
    try:
        day = _civil_day(value, zone)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise HistoryRefusedError(Reason.BAD_DATE, {"field": name, "value": str(value)[:40]}) from error
    return day


def _civil_day(value: Any, zone: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _CIVIL.match(value):
        return date.fromisoformat(value)
    if not isinstance(value, datetime) and "T" not in str(value):
        raise ValueError
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if instant.tzinfo is None:
        raise ValueError
    return instant.astimezone(ZoneInfo(zone)).date()


def read_event(raw: Any, zone: str = "Europe/Paris") -> Event:
    """One event from its JSON form; `zone` dates instants. Raises HistoryRefusedError."""
    if not isinstance(raw, Mapping):
        raise HistoryRefusedError(Reason.NOT_AN_EVENT)
    name = raw.get("type")
    if not isinstance(name, str) or name not in EventType.__members__:
        raise HistoryRefusedError(Reason.UNKNOWN_EVENT_TYPE, {"event": str(name)[:40]})
    kind = EventType[name]
    for needed in ("date", *NEEDS.get(kind, ())):
        if raw.get(needed) in (None, "", []):
            raise HistoryRefusedError(Reason.MISSING_FIELD, {"event": kind.value, "field": needed})
    days = {key: read_day(raw[key], zone, key) for key in ("date", "valid_from", "valid_until") if raw.get(key)}
    category = raw.get("category")
    if category is not None and category not in ("A", "C", "D"):
        raise HistoryRefusedError(Reason.BAD_CATEGORY, {"event": kind.value, "value": str(category)[:10]})
    files = raw.get("files", ())
    if not isinstance(files, list | tuple):
        raise HistoryRefusedError(Reason.NOT_AN_EVENT, {"event": kind.value})
    return Event(
        kind,
        days["date"],
        days.get("valid_from"),
        days.get("valid_until"),
        category,
        str(raw["field"]) if raw.get("field") is not None else None,
        str(raw["value"]) if raw.get("value") is not None else None,
        str(raw["file"]) if raw.get("file") is not None else None,
        tuple(str(label) for label in files),
    )


def read_events(raw: Any, zone: str = "Europe/Paris") -> tuple[Event, ...]:
    """All events of a history, in the order given. Raises HistoryRefusedError."""
    if not isinstance(raw, Iterable) or isinstance(raw, str | Mapping):
        raise HistoryRefusedError(Reason.NOT_AN_EVENT)
    return tuple(read_event(item, zone) for item in raw)
