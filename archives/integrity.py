"""Invariants of the archive, derived again from the tables."""

from collections.abc import Iterator
from datetime import datetime

from archives.dating import columns, created_on, events_of, policy
from archives.domain.retention import HistoryRefusedError, judge, profile_named
from archives.erasure.journal import broken_lines
from archives.erasure.weekly import overdue, unreadable
from archives.models import ErasureRun, VisaFile

CHUNK = 2000


def violations(now: datetime) -> Iterator[str]:
    """One line for each violation; no line holds a personal datum."""
    for place in overdue(now):
        yield f"archives: {place}"
    for place in unreadable():
        yield f"archives: {place}"
    yield from _wrong_dates()
    for run in ErasureRun.objects.all():
        for number in broken_lines(run):
            yield f"archives: journal of run {run.pk} does not hold together at line {number}"


def _wrong_dates() -> Iterator[str]:
    """Files whose dates are not those that their events give."""
    last = None
    while True:
        rows = VisaFile.objects.order_by("pk")
        files = list((rows.filter(pk__gt=last) if last else rows)[:CHUNK])
        if not files:
            return
        events = events_of(file.pk for file in files)
        for file in files:
            try:
                verdict = judge(events[file.pk], profile_named(file.profile), policy())
            except HistoryRefusedError as refused:
                yield f"archives: file {file.pk} has a history that cannot be true ({refused.reason.value})"
                continue
            for name, value in columns(verdict, created_on(events[file.pk])).items():
                if getattr(file, name) != value:
                    yield f"archives: file {file.pk} has {name} {getattr(file, name)}, its events give {value}"
        last = files[-1].pk
