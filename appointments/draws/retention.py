"""The end of a record: its list is pseudonymous personal data, so it does not stand for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from appointments.models import Draw, DrawDocument

KEPT = timedelta(days=365)
"""From the draw: an appeal (code de justice administrative, R. 421-1) and its answer fit into it."""


def reduce_records(now: datetime) -> int:
    """Delete lists and results of draws older than KEPT; their hashes and counts stay, so the chain of lists holds.

    Returns the number of documents deleted.
    """
    old = Draw.objects.filter(state=Draw.State.DRAWN, drawn_at__lt=now - KEPT)
    deleted, _ = DrawDocument.objects.filter(draw__in=old).delete()
    return deleted
