"""Writing letters into the outbox and sending them."""

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mailroom.mime import Message
from mailroom.models import Letter
from mailroom.renderers import Envelope, UnknownKindError, render
from vault.rows import change, columns, insert_unless_there, read

log = logging.getLogger(__name__)

# A worker that died while sending leaves its letter in SENDING; after the lease it is sent again with the same
# Message-ID, so that mail programs can fold the copy. SMTP offers no exactly-once (RFC 1047).
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8
# Claimed together; even where the mail server lets each of them time out, they are over before the lease is.
AT_ONCE = 5


def enqueue(
    kind: str,
    subject_key: str,
    *,
    payload: dict[str, Any] | None = None,
    dedupe: str | None = None,
    not_before: datetime | None = None,
) -> Letter | None:
    """Write a letter into the outbox within the caller's transaction.

    `dedupe` makes it once only: a second call with the same text writes nothing and returns None.
    `not_before` is a UTC instant. Sending starts after commit.
    """
    created = enqueue_many([(kind, subject_key, payload, dedupe)], not_before=not_before)
    return created[0] if created else None


def enqueue_many(
    letters: Iterable[tuple[str, str, dict[str, Any] | None, str | None]], *, not_before: datetime | None = None
) -> list[Letter]:
    """Write letters `(kind, subject_key, payload, dedupe)` in one statement; those written already are left out."""
    now = timezone.now()
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >")
    rows = [
        Letter(
            kind=kind,
            subject_key=subject_key,
            payload=payload,
            dedupe=dedupe,
            not_before=not_before or now,
            created_at=now,
            message_id=f"<{uuid.uuid4().hex}@{domain}>",
        )
        for kind, subject_key, payload, dedupe in letters
    ]
    wanted = [row.dedupe for row in rows if row.dedupe]
    if len(rows) == 1:
        return _kicked([rows[0]] if insert_unless_there(rows[0]) else [])
    before = set(Letter.objects.filter(dedupe__in=wanted).values_list("dedupe", flat=True)) if wanted else set()
    written = Letter.objects.bulk_create(
        [row for row in rows if row.dedupe not in before or row.dedupe is None],
        ignore_conflicts=bool(wanted),
        batch_size=5000,
    )
    return _kicked(written)


def _kicked(written: list[Letter]) -> list[Letter]:
    if written:
        from mailroom.tasks import kick

        transaction.on_commit(kick, robust=True)
    return written


_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id AS due_id FROM mailroom_letter WHERE state IN ('waiting', 'sending') AND not_before <= %s
         ORDER BY not_before, id LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE mailroom_letter SET state = 'sending', attempts = attempts + 1, not_before = %s
      FROM due WHERE id = due_id RETURNING {}
"""


def claim(now: datetime, limit: int) -> list[Letter]:
    """Take up to `limit` due letters for sending, so that no other worker sends them; commits the claim."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM.format(columns(Letter)), [now, limit, now + LEASE])
        found = [read(Letter, values) for values in cursor.fetchall()]
    return sorted(found, key=lambda letter: letter.pk)


def _finish(letter: Letter, state: str, error: str = "") -> None:
    letter.state, letter.payload, letter.finished_at, letter.last_error = state, None, timezone.now(), error[:200]
    change(letter, "state", "payload", "finished_at", "last_error")


def _dispatch(letter: Letter, envelope: Envelope) -> None:
    message = Message(
        subject=" ".join(envelope.subject.split()),
        body=envelope.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[envelope.to],
        headers={
            "Message-ID": letter.message_id,
            "Content-Language": envelope.language,
            "Auto-Submitted": "auto-generated",
        },
    )
    if envelope.html:
        message.attach_alternative(envelope.html, "text/html")
    for name, content, mimetype in envelope.attachments:
        message.attach(name, content, mimetype)
    message.send()


def send(letter: Letter) -> bool:
    """Render and send a claimed letter. A failure is kept for a later attempt (doubling pauses). True when sent."""
    try:
        envelope = render(letter.kind, letter.subject_key, letter.payload)
        if envelope is None:
            _finish(letter, Letter.State.DROPPED)
            return False
        _dispatch(letter, envelope)
    except UnknownKindError:
        _finish(letter, Letter.State.FAILED, "no renderer")
        log.exception("letter_without_renderer", extra={"kind": letter.kind, "letter": letter.pk})
        return False
    except Exception as error:  # noqa: BLE001 - whatever a mail server or template does, the letter must not be lost
        return _postpone(letter, error)
    _finish(letter, Letter.State.SENT)
    return True


def _postpone(letter: Letter, error: Exception) -> bool:
    # Only the type is kept: the text of a mail server's error repeats the address.
    name = type(error).__name__
    log.warning("letter_postponed", extra={"kind": letter.kind, "letter": letter.pk, "error": name})
    if letter.attempts >= MAX_ATTEMPTS:
        _finish(letter, Letter.State.FAILED, name)
    else:
        pause = timedelta(seconds=15 * 2**letter.attempts)
        Letter.objects.filter(pk=letter.pk).update(
            state=Letter.State.WAITING, not_before=timezone.now() + pause, last_error=name
        )
    return False


def send_due(limit: int = 200) -> int:
    """Send what is due, at most `limit` letters; returns how many were sent."""
    sent, claimed = 0, 0
    while claimed < limit:
        letters = claim(timezone.now(), min(AT_ONCE, limit - claimed))
        claimed += len(letters)
        sent += sum(send(letter) for letter in letters)
        if len(letters) < AT_ONCE:
            break  # whoever wrote one since then has kicked
    return sent
