"""By which address an objection is found again, for whoever proves that the address is theirs."""

from __future__ import annotations

from django.db.models import QuerySet

from antibot.domain.contacts import address_in
from antibot.models import Appeal
from vault.index import blind_index


def appeal_index(contact: str) -> bytes:
    """The blind index of the address in a field; empty where there is none."""
    address = address_in(contact)
    return blind_index("antibot.appeal", address) if address else b""


def appeals_of(contact: str) -> QuerySet[Appeal]:
    """The objections that name this address as theirs, oldest first; call it for a proved address only."""
    index = appeal_index(contact)
    return Appeal.objects.filter(contact_index=index).order_by("pk") if index else Appeal.objects.none()


def index_appeals(limit: int) -> int:
    """Index up to `limit` objections that code before this one wrote; returns how many."""
    rows = list(Appeal.objects.filter(contact_index__isnull=True).only("pk", "contact").order_by("pk")[:limit])
    for row in rows:
        Appeal.objects.filter(pk=row.pk).update(contact_index=appeal_index(row.contact))
    return len(rows)
