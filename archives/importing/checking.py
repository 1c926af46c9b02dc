"""A row becomes a file, or a list of what is wrong with it: every mistake at once, each with its field."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from archives.actions.add_files import NewFile
from archives.domain.holder import Holder
from archives.domain.retention import (
    PROFILES,
    Event,
    EventType,
    HistoryRefusedError,
    default_profile,
    read_event,
)
from archives.domain.retention.events import read_day
from vault.keys import index_key
from vault.text import canonical, document_number, latin_digits

# [field, code, data]; sentences are in archives.importing.wording.
Problem = tuple[str, str, dict[str, str]]

REQUIRED = ("file_number", "family_name", "birth_date")
DAYS = ("birth_date", "passport_valid_until", "valid_from", "valid_until", "issued_on")
COUNTRIES = ("nationality", "birth_country", "passport_country")
OWN = (
    "category",
    "profile",
    "created_on",
    "decision",
    "decided_on",
    "events",
    "refusal_grounds",
    "earlier_file",
    "group",
)
COLUMNS = (*Holder.names(), *OWN)
LONGEST = {"remarks": 500, "address": 300}
_EVENT = re.compile(r"\s*([A-Z_]+)\s+(\S+)((?:\s+\w+=\S+)*)\s*\Z")
DECISIONS = ("ISSUED", "REFUSED", "WITHDRAWN", "CLOSED", "DISCONTINUED")


@dataclass(frozen=True)
class Checked:
    """What a row says, when nothing is wrong with it."""

    file: NewFile
    earlier_file: str
    group: str


def check_row(values: Mapping[str, Any], post_key: str, today: date, zone: str) -> Checked | list[Problem]:
    """The file of a row of `post_key`, or its problems. `today` is the post's civil day, `zone` dates instants."""
    problems: list[Problem] = [(str(name)[:40], "unknown_column", {}) for name in values if name not in COLUMNS]
    texts = {name: _text(values.get(name)) for name in COLUMNS if name != "events"}
    problems += [(name, "missing", {}) for name in REQUIRED if not texts[name]]
    problems += [(n, "too_long", {}) for n, text in texts.items() if len(text) > LONGEST.get(n, 120)]
    check_fields(texts, today, problems)
    category = texts["category"] or "C"
    profile = texts["profile"] or (default_profile(category).key if category in "ACD" else "")
    if category not in ("A", "C", "D"):
        problems.append(("category", "not_a_category", {}))
    elif profile not in PROFILES:
        problems.append(("profile", "not_a_profile", {}))
    if problems:
        return problems
    try:
        events = _events(values.get("events"), texts, category, zone)
        parts = (
            {"refusal_data_art12": {"grounds": texts["refusal_grounds"].split()}} if texts["refusal_grounds"] else {}
        )
        holder = Holder.from_mapping(_from_visa(texts, events))
        file = NewFile(post_key, category, profile, holder, events, parts, _digest(values))
        gone = file.verdict(today).must_be_gone_from
    except HistoryRefusedError as refused:
        return [("events", refused.reason.value, refused.data)]
    if gone is not None and gone <= today:
        return [("events", "already_due", {"date": gone.isoformat()})]
    return Checked(file, texts["earlier_file"], texts["group"])


def _text(value: Any) -> str:
    return latin_digits(canonical(str(value))) if isinstance(value, str | int) else ""


def check_fields(texts: Mapping[str, str], today: date, problems: list[Problem]) -> None:
    """Add what is wrong with single values; `texts` has every name of COLUMNS, empty where nothing is given."""
    for name in (*DAYS, "created_on", "decided_on"):
        if texts[name]:
            try:
                day = read_day(texts[name], "UTC", name) if name != "birth_date" else date.fromisoformat(texts[name])
            except (HistoryRefusedError, ValueError):
                problems.append((name, "not_a_date", {}))
                continue
            if name == "birth_date" and not date(1900, 1, 1) <= day <= today:
                problems.append((name, "not_a_birth_date", {}))
    problems += [
        (name, "not_a_country", {}) for name in COUNTRIES if texts[name] and not re.fullmatch("[A-Z]{2}", texts[name])
    ]
    if texts["email"] and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", texts["email"]):
        problems.append(("email", "not_an_address", {}))
    for name in ("file_number", "passport_number", "visa_number"):
        number = document_number(texts[name])
        if texts[name] and not 3 <= len(number) <= 30:
            problems.append((name, "not_a_number", {}))
    if texts["decision"] and texts["decision"] not in DECISIONS:
        problems.append(("decision", "not_a_decision", {}))


def _events(raw: Any, texts: Mapping[str, str], category: str, zone: str) -> tuple[Event, ...]:
    """Events given one by one, or the short form: created_on, decision, decided_on, valid_from, valid_until."""
    if raw:
        return tuple(read_event(item, zone) for item in (_split(raw) if isinstance(raw, str) else raw))
    plain: list[dict[str, Any]] = [{"type": "FILE_CREATED", "date": texts["created_on"]}]
    if texts["decision"]:
        plain.append({"type": texts["decision"], "date": texts["decided_on"] or texts["issued_on"]})
        if texts["decision"] == "ISSUED":
            plain[-1] |= {name: texts[name] for name in ("valid_from", "valid_until")} | {"category": category}
    return tuple(read_event(item, zone) for item in plain)


def _split(text: str) -> list[dict[str, Any] | str]:
    """`ISSUED 2024-05-03 valid_until=2024-08-29; ANNULLED 2024-06-01` as it fits in one cell."""
    found: list[dict[str, Any] | str] = []
    for piece in text.split(";"):
        if not piece.strip():
            continue
        match = _EVENT.match(piece)
        if match is None:
            found.append(piece)
            continue
        options = dict(pair.split("=", 1) for pair in match[3].split())
        found.append({"type": match[1], "date": match[2], **options})
    return found


def _from_visa(texts: dict[str, str], events: tuple[Event, ...]) -> dict[str, str]:
    """The sticker's dates come from the events where the row does not repeat them."""
    issue = next((event for event in events if event.type is EventType.ISSUED), None)
    if issue is None:
        return texts
    known = {
        "issued_on": issue.date.isoformat(),
        "valid_from": issue.valid_from.isoformat() if issue.valid_from else "",
        "valid_until": issue.valid_until.isoformat() if issue.valid_until else "",
    }
    return texts | {name: texts[name] or value for name, value in known.items()}


def _digest(values: Mapping[str, Any]) -> bytes:
    """Keyed, so that it tells nothing: the same row again is recognised without opening the file."""
    said = {key: value for key, value in values.items() if value not in ("", None)}
    return hmac.digest(index_key(), json.dumps(said, sort_keys=True, default=str).encode(), hashlib.sha256)[:16]
