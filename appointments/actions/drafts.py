"""What somebody is typing is kept on the server, bound to the browser's session, for a day."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from appointments.models import Draft, Request, Service
from appointments.queries.services import known_service
from appointments.refusals import Reason, RefusedError
from vault.rows import change, first, insert

LIFE = timedelta(days=1)
_OF = "WHERE public_id = %s AND session_hash = %s AND updated_at >= %s"
_BEGUN = "WHERE session_hash = %s AND service_id = %s AND request_id IS NULL AND updated_at >= %s ORDER BY id LIMIT 1"


def _hash(session_key: str) -> bytes:
    return hashlib.sha256(session_key.encode()).digest()


def start_draft(*, session_key: str, service: Service, now: datetime) -> Draft:
    """Begin an application for `service`; an empty one of the same browser is taken up again."""
    if not (service.is_open and service.post.is_open):
        raise RefusedError(Reason.POST_CLOSED)
    session_hash = _hash(session_key)
    earlier = first(Draft, _BEGUN, [session_hash, service.pk, now - LIFE])
    return earlier or insert(Draft(session_hash=session_hash, service=service, created_at=now, updated_at=now))


def draft_of(*, session_key: str | None, public_id: str, now: datetime) -> Draft:
    """The draft of this browser. Raises RefusedError(NOT_YOURS), alike for unknown, foreign and outlived ones."""
    draft = first(Draft, _OF, [public_id, _hash(session_key or ""), now - LIFE])
    if draft is None or not session_key:
        raise RefusedError(Reason.NOT_YOURS)
    draft.service = known_service(draft.service_id)
    return draft


def save_draft(*, draft: Draft, payload: dict[str, Any], now: datetime) -> None:
    """Keep what was typed."""
    draft.payload = payload
    draft.updated_at = now
    change(draft, "payload", "updated_at")


def finish_draft(*, draft: Draft, request: Request, now: datetime) -> None:
    """The draft became a request: what was typed goes, the way to the request stays."""
    draft.request = request
    draft.payload = {}
    draft.updated_at = now
    empty = Draft._meta.get_field("payload").get_db_prep_save({}, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE appointments_draft SET request_id = %s, payload = %s, updated_at = %s WHERE id = %s",
            [request.pk, empty, now, draft.pk],
        )


def lock_draft(*, draft: Draft) -> Draft:
    """Lock the draft within the caller's transaction: a double click waits here, and then sees the first one's result.

    Raises:
        RefusedError: ALREADY_ENTERED where the draft became a request meanwhile (the caller shows that request).
    """
    with connection.cursor() as cursor:
        # No more than is asked: what was typed is in hand already, and would be decrypted a second time.
        cursor.execute("SELECT request_id FROM appointments_draft WHERE id = %s FOR UPDATE", [draft.pk])
        row = cursor.fetchone()
    if row is None:
        raise RefusedError(Reason.NOT_YOURS)
    if row[0] is not None:
        draft.request_id = row[0]
        raise RefusedError(Reason.ALREADY_ENTERED)
    return draft


def sweep_drafts(now: datetime, limit: int = 1000) -> int:
    """Erase drafts older than a day; returns how many."""
    old = Draft.objects.filter(updated_at__lt=now - LIFE).values_list("pk", flat=True)[:limit]
    return Draft.objects.filter(pk__in=list(old)).delete()[0]
