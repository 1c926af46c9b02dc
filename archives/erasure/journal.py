"""The journal: one line a batch and rule, each hashed over the one before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from archives.models import ErasureEntry, ErasureRun


@dataclass(frozen=True)
class Line:
    """What one line says. `counts` may hold numbers by table and the hash of the batch; nothing about a person."""

    what: str
    rows: int
    profile: str = ""
    basis: str = ""
    first_day: date | None = None
    last_day: date | None = None
    counts: Mapping[str, int | str] | None = None


def digest_of(previous: bytes, number: int, at: datetime, line: Line) -> bytes:
    """SHA-256 over the line before and everything this one says."""
    said = [
        number,
        at.isoformat(),
        line.what,
        line.rows,
        line.profile,
        line.basis,
        line.first_day and line.first_day.isoformat(),
        line.last_day and line.last_day.isoformat(),
        dict(sorted((line.counts or {}).items())),
    ]
    return hashlib.sha256(bytes(previous) + json.dumps(said, separators=(",", ":")).encode()).digest()


def _first(run: ErasureRun) -> bytes:
    return hashlib.sha256(f"erasure run {run.pk} {run.for_day}".encode()).digest()


def write(run: ErasureRun, lines: list[Line], at: datetime) -> None:
    """Add lines to a run, in the caller's transaction; two processes never share a run."""
    last = ErasureEntry.objects.filter(run=run).aggregate(number=Max("number"))["number"] or 0
    previous = (
        bytes(ErasureEntry.objects.values_list("digest", flat=True).get(run=run, number=last)) if last else _first(run)
    )
    rows = []
    for number, line in enumerate(lines, last + 1):
        previous = digest_of(previous, number, at, line)
        rows.append(
            ErasureEntry(
                run=run,
                number=number,
                at=at,
                what=line.what,
                profile=line.profile,
                basis=line.basis,
                first_day=line.first_day,
                last_day=line.last_day,
                rows=line.rows,
                counts=dict(line.counts or {}),
                digest=previous,
            )
        )
    ErasureEntry.objects.bulk_create(rows)


def broken_lines(run: ErasureRun) -> list[int]:
    """Numbers of the lines that do not follow from the line before: changed, or with one missing before them."""
    previous, expected, broken = _first(run), 1, []
    for entry in ErasureEntry.objects.filter(run=run).order_by("number"):
        line = Line(entry.what, entry.rows, entry.profile, entry.basis, entry.first_day, entry.last_day, entry.counts)
        if entry.number != expected or bytes(entry.digest) != digest_of(previous, entry.number, entry.at, line):
            broken.append(entry.number)
        previous, expected = bytes(entry.digest), entry.number + 1
    return broken
