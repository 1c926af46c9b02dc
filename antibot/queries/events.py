"""Taking events from the outbox."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from antibot.models import OutboxEvent


def take_waiting_events(limit: int, now: datetime) -> list[OutboxEvent]:
    """Lock and mark waiting events, oldest first, and for each subject only its oldest one.

    Runs in the caller's transaction: rolled back, the events wait again. Two consumers never hold two events of one
    subject, so a refund cannot overtake its payment.
    """
    earlier = OutboxEvent.objects.filter(subject=OuterRef("subject"), pk__lt=OuterRef("pk"), consumed_at__isnull=True)
    rows = list(
        OutboxEvent.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(~Exists(earlier), consumed_at__isnull=True)
        .order_by("pk")[:limit]
    )
    OutboxEvent.objects.filter(pk__in=[row.pk for row in rows]).update(consumed_at=now)
    return rows
