"""What somebody is typing is kept on the server, bound to the browser's session, for a day."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from appointments.models import Draft, Request, Service
from appointments.refusals import Reason, RefusedError

LIFE = timedelta(days=1)


def _hash(session_key: str) -> bytes:
    return hashlib.sha256(session_key.encode()).digest()


def start_draft(*, session_key: str, service: Service, now: datetime) -> Draft:
    """Begin an application for `service`; an empty one of the same browser is taken up again."""
    if not (service.is_open and service.post.is_open):
        raise RefusedError(Reason.POST_CLOSED)
    session_hash = _hash(session_key)
    earlier = Draft.objects.filter(
        session_hash=session_hash, service=service, request__isnull=True, updated_at__gte=now - LIFE
    ).first()
    return earlier or Draft.objects.create(session_hash=session_hash, service=service, created_at=now, updated_at=now)


def draft_of(*, session_key: str | None, public_id: str, now: datetime) -> Draft:
    """The draft of this browser. Raises RefusedError(NOT_YOURS), alike for unknown, foreign and outlived ones."""
    draft = (
        Draft.objects.select_related("service__post", "service__category", "request")
        .filter(public_id=public_id, session_hash=_hash(session_key or ""), updated_at__gte=now - LIFE)
        .first()
    )
    if draft is None or not session_key:
        raise RefusedError(Reason.NOT_YOURS)
    return draft


def save_draft(*, draft: Draft, payload: dict[str, Any], now: datetime) -> None:
    """Keep what was typed."""
    draft.payload = payload
    draft.updated_at = now
    draft.save(update_fields=["payload", "updated_at"])


def finish_draft(*, draft: Draft, request: Request, now: datetime) -> None:
    """The draft became a request: what was typed goes, the way to the request stays."""
    draft.request = request
    draft.payload = {}
    draft.updated_at = now
    draft.save(update_fields=["request", "payload", "updated_at"])


def lock_draft(*, draft: Draft) -> Draft:
    """Lock the draft within the caller's transaction: a double click waits here, and then sees the first one's result.

    Raises:
        RefusedError: ALREADY_ENTERED where the draft became a request meanwhile (the caller shows that request).
    """
    locked = Draft.objects.select_for_update().get(pk=draft.pk)
    if locked.request_id is not None:
        draft.request_id = locked.request_id
        raise RefusedError(Reason.ALREADY_ENTERED)
    return locked


def sweep_drafts(now: datetime, limit: int = 1000) -> int:
    """Erase drafts older than a day; returns how many."""
    old = Draft.objects.filter(updated_at__lt=now - LIFE).values_list("pk", flat=True)[:limit]
    return Draft.objects.filter(pk__in=list(old)).delete()[0]
