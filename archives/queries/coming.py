"""What will go, and when."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from accounts.access import Scope
from archives.dating import erasure_day
from archives.models import ProcessingRecord, RestrictedCopy, SealedPart, VisaFile


def would_go(now: datetime) -> Iterator[dict[str, Any]]:
    """Everything a run at `now` would erase, with rule and day, without a personal datum; files first."""
    today = erasure_day(now)
    files = VisaFile.objects.filter(gone_from__lte=today).order_by("gone_from", "id")
    for row in files.values_list("id", "profile", "start_basis", "advance_basis", "start_date", "gone_from").iterator(
        2000
    ):
        identifier, profile, basis, advance, start, gone = row
        yield {
            "file": str(identifier),
            "profile": profile,
            "rule": advance or basis,
            "start_date": start and start.isoformat(),
            "must_be_gone_from": str(gone),
        }
    parts = SealedPart.objects.filter(gone_from__lte=today).order_by("gone_from", "id")
    for file_id, kind, basis, gone in parts.values_list("file_id", "kind", "basis", "gone_from").iterator(2000):
        yield {"file": str(file_id), "part": kind, "rule": basis, "must_be_gone_from": str(gone)}
    for model, name in ((RestrictedCopy, "restricted_copies"), (ProcessingRecord, "processing_records")):
        count = model._default_manager.filter(gone_from__lte=today).count()
        if count:
            yield {"rows": count, "of": name}


def per_day(scope: Scope, first: date, days: int) -> dict[date, int]:
    """How many files of a scope go on each day that has any, from `first` on."""
    return dict(
        within(scope)
        .filter(gone_from__gte=first, gone_from__lt=first + timedelta(days=days))
        .values_list("gone_from")
        .annotate(files=Count("id"))
        .order_by("gone_from")
    )


def within(scope: Scope) -> QuerySet[VisaFile]:
    """The files of a person's posts."""
    rows = VisaFile.objects.all()
    return rows if scope.everything else rows.filter(post_key__in=scope.post_keys)
