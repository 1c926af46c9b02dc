"""Rows of every other kind that have a clock: one registry, one journal, one night.

A sweeper deletes at most `limit` rows that are due at `now` and says how many it deleted.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from antibot.retention import SWEEPERS as ANTIBOT
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
    """Requests for copies a year after the decision; their uploads went when identity was verified."""
    return _delete(CopyRequest.objects.filter(decided_at__lte=now - COPIES), limit)


def _registered() -> Mapping[str, Sweeper]:
    own: dict[str, Sweeper] = {
        "sessions": sweep_sessions,
        "letters": sweep_letters,
        "imports": sweep_imports,
        "data_requests": sweep_data_requests,
        "copy_requests": sweep_copy_requests,
        "appointments.requests": sweep_requests,
        "appointments.reports": sweep_reports,
        "appointments.pauses": sweep_pauses,
    }
    return own | {f"antibot.{name}": function for name, function in ANTIBOT.items()}


SWEEPERS: Final[Mapping[str, Sweeper]] = _registered()
