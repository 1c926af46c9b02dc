"""Rows of every other kind that have a clock: one registry, one journal, one night.

A sweeper deletes at most `limit` rows that are due at `now` and says how many it deleted.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from accounts.unused import sweep_unused
from antibot.retention import SWEEPERS as ANTIBOT
from archives.copies.actions import DRAFT_LIFE
from archives.dating import erasure_day
from archives.erasure.appointment_rows import sweep_pauses, sweep_reports, sweep_requests
from archives.models import CopyRequest, DataRequest, ImportBatch
from mailroom.models import Letter

Sweeper = Callable[[datetime, int], int]
# Rows of an import that nobody mended; letters that were sent, dropped or given up; answers to requests about data.
IMPORTS: Final = timedelta(days=7)
LETTERS: Final = timedelta(days=30)
REQUESTS: Final = timedelta(days=365)
COPIES: Final = timedelta(days=365)


def _delete(rows: QuerySet[Any], limit: int) -> int:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    rows.model._default_manager.filter(pk__in=keys).delete()
    return len(keys)


def sweep_sessions(now: datetime, limit: int) -> int:
    """Sessions that have ended."""
    return _delete(Session.objects.filter(expire_date__lte=now), limit)


def sweep_letters(now: datetime, limit: int) -> int:
    """Letters a month after they were finished; their content was emptied then."""
    return _delete(Letter.objects.filter(finished_at__lte=now - LETTERS), limit)


def sweep_imports(now: datetime, limit: int) -> int:
    """Imports a week after they were brought, with the rows that were refused."""
    batches = ImportBatch.objects.filter(made_at__lte=now - IMPORTS).order_by("pk").values_list("pk", flat=True)
    return _delete(ImportBatch.objects.filter(pk__in=list(batches[: max(1, limit // 1000)])), limit)


def sweep_data_requests(now: datetime, limit: int) -> int:
    """Requests about one's data, a year after the answer."""
    return _delete(DataRequest.objects.filter(answered_at__lte=now - REQUESTS), limit)


def sweep_copy_requests(now: datetime, limit: int) -> int:
    """Requests for copies a year after the decision, or after the day on which silence decided."""
    over = Q(decided_at__lte=now - COPIES) | Q(decided_at=None, deadline__lte=erasure_day(now) - COPIES)
    return _delete(CopyRequest.objects.filter(over), limit)


def sweep_copy_drafts(now: datetime, limit: int) -> int:
    """Forms that nobody finished within a day, with the document that was sent."""
    return _delete(CopyRequest.objects.filter(state=CopyRequest.State.DRAFT, created_at__lte=now - DRAFT_LIFE), limit)


def _registered() -> Mapping[str, Sweeper]:
    own: dict[str, Sweeper] = {
        # Before the letters: whether somebody was told stands there.
        "accounts.unused": sweep_unused,
        "sessions": sweep_sessions,
        "letters": sweep_letters,
        "imports": sweep_imports,
        "data_requests": sweep_data_requests,
        "copy_requests": sweep_copy_requests,
        "copy_drafts": sweep_copy_drafts,
        "appointments.requests": sweep_requests,
        "appointments.reports": sweep_reports,
        "appointments.pauses": sweep_pauses,
    }
    return own | {f"antibot.{name}": function for name, function in ANTIBOT.items()}


SWEEPERS: Final[Mapping[str, Sweeper]] = _registered()
