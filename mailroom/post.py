"""Writing letters into the outbox and sending them."""

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from mailroom.models import Letter
from mailroom.renderers import Envelope, UnknownKindError, render
from vault.rows import insert

log = logging.getLogger(__name__)

# A worker that died while sending leaves its letter in SENDING; after the lease it is sent again with the same
# Message-ID, so that mail programs can fold the copy. SMTP offers no exactly-once (RFC 1047).
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8


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
    if len(rows) == 1 and not wanted:
        return _kicked([insert(rows[0])])
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


def claim_one(now: datetime) -> Letter | None:
    """Take the next due letter for sending, so that no other worker sends it; commits the claim."""
    with transaction.atomic():
        letter = (
            Letter.objects.select_for_update(skip_locked=True)
            .filter(state__in=[Letter.State.WAITING, Letter.State.SENDING], not_before__lte=now)
            .order_by("not_before", "id")
            .first()
        )
        if letter is None:
            return None
        letter.state = Letter.State.SENDING
        letter.attempts += 1
        letter.not_before = now + LEASE
        letter.save(update_fields=["state", "attempts", "not_before"])
        return letter


def _finish(letter: Letter, state: str, error: str = "") -> None:
    Letter.objects.filter(pk=letter.pk).update(
        state=state, payload=None, finished_at=timezone.now(), last_error=error[:200]
    )


def _dispatch(letter: Letter, envelope: Envelope) -> None:
    message = EmailMultiAlternatives(
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
    sent = 0
    for _ in range(limit):
        letter = claim_one(timezone.now())
        if letter is None:
            break
        sent += send(letter)
    return sent
