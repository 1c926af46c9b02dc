"""What staff see of a suspicion: every sighting of it, with what it shares, and a small chart of when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from antibot.models import RadarCase, Sighting

MOST = 500


@dataclass(frozen=True)
class Line:
    """One sighting; letters name what it shares with others of the case (A is the most shared)."""

    at: datetime
    subject: str
    network: str
    session: str
    contact: str
    pattern: str


@dataclass(frozen=True)
class Bar:
    """One day of the chart; `x` and `height` are in pixels of a drawing 60 high."""

    day: date
    count: int
    x: int
    height: int


@dataclass(frozen=True)
class Evidence:
    """All of it."""

    lines: list[Line]
    bars: list[Bar]
    width: int


def _letters(values: Iterable[bytes | memoryview | None]) -> dict[bytes, str]:
    counted = Counter(bytes(value) for value in values if value)
    names = {}
    for place, (value, count) in enumerate(counted.most_common(702)):
        letter = chr(65 + place % 26)
        names[value] = f"{letter if place < 26 else chr(64 + place // 26) + letter} ×{count}"
    return names


def evidence_of(case: RadarCase) -> Evidence:
    """The sightings of a case's subjects, newest first, at most 500."""
    rows = list(Sighting.objects.filter(subject__in=case.subjects, post_key=case.post_key).order_by("-at")[:MOST])
    sessions = _letters(row.session_hash for row in rows)
    contacts = _letters(row.contact_index for row in rows)
    patterns = _letters(row.pattern_index for row in rows)
    lines = [
        Line(
            row.at,
            row.subject,
            str(row.network),
            sessions.get(bytes(row.session_hash), ""),
            contacts.get(bytes(row.contact_index), "") if row.contact_index else "",
            patterns.get(bytes(row.pattern_index), "") if row.pattern_index else "",
        )
        for row in rows
    ]
    bars = _bars([row.at.date() for row in rows])
    return Evidence(lines, bars, 18 * max(1, len(bars)))


def _bars(days: list[date]) -> list[Bar]:
    if not days:
        return []
    counted = Counter(days)
    first, highest = min(days), max(counted.values())
    span = min(60, (max(days) - first).days + 1)
    return [
        Bar(day, counted[day], 18 * place, round(60 * counted[day] / highest))
        for place, day in enumerate(first + timedelta(days=number) for number in range(span))
    ]
