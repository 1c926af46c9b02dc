"""By which address a report is found again, for whoever proves that the address is theirs."""

from __future__ import annotations

from django.db.models import QuerySet

from antibot import doors
from appointments.models import TrafficReport
from vault.index import blind_index


def report_index(contact: str) -> bytes:
    """The blind index of the address in a field; empty where there is none (a name, a number without its country)."""
    address = doors.address_in(contact)
    return blind_index("appointments.report", address) if address else b""


def reports_of(contact: str) -> QuerySet[TrafficReport]:
    """The reports that name this address as theirs, oldest first; call it for a proved address only."""
    index = report_index(contact)
    rows = TrafficReport.objects.filter(contact_index=index) if index else TrafficReport.objects.none()
    return rows.select_related("post").order_by("pk")


def index_reports(limit: int) -> int:
    """Index up to `limit` reports that code before this one wrote; returns how many."""
    rows = list(TrafficReport.objects.filter(contact_index__isnull=True).only("pk", "contact").order_by("pk")[:limit])
    for row in rows:
        TrafficReport.objects.filter(pk=row.pk).update(contact_index=report_index(row.contact))
    return len(rows)
