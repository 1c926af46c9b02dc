"""The life of a request for a copy: each verb one transaction, the rules kept by the table's constraints as well."""

import logging
import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, connection, transaction

from archives.copies.deliveries import send_link
from archives.copies.refusals import Reason, RefusedError
from archives.domain.retention.periods import Period, last_day
from archives.models import CopyRequest, CopySettings, CopyUpload, OfficialDomain, VisaFile
from mailroom.post import enqueue
from vault.index import blind_index
from vault.text import canonical

log = logging.getLogger(__name__)

DRAFT_LIFE = timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
State = CopyRequest.State


def contact_index(contact: str) -> bytes:
    """The blind index of an address that asked for a copy."""
    return blind_index("copy-contact", canonical(contact).lower())


def settings_of(post_key: str) -> CopySettings:
    """What a post decided about copies; the defaults where it said nothing."""
    return CopySettings.objects.filter(post_key=post_key).first() or CopySettings(post_key=post_key)


def is_official(contact: str) -> bool:
    """Whether an address belongs to a prefecture: its whole domain stands in the list that staff keep."""
    domain = contact.rpartition("@")[2].strip().lower().rstrip(".")
    return OfficialDomain.objects.filter(domain=domain).exists()


def check_kind(post_key: str, kind: str) -> None:
    """Raises RefusedError(NO_MANDATES) where the post does not take mandates."""
    if kind == CopyRequest.Kind.MANDATE and not settings_of(post_key).mandates:
        raise RefusedError(Reason.NO_MANDATES)


def days_left(deadline: date | None, now: datetime) -> int | None:
    """Until silence refuses, in the days of the law that counts them."""
    return (deadline - now.astimezone(PARIS).date()).days if deadline else None


def begin(*, post_key: str, kind: str, session_hash: bytes, language: str, now: datetime) -> CopyRequest:
    """Begin a form; an unfinished one of the same browser, post and requester is taken up again.

    Raises:
        RefusedError: NO_MANDATES where the post does not take them.
    """
    check_kind(post_key, kind)
    earlier = CopyRequest.objects.filter(
        session_hash=session_hash, post_key=post_key, kind=kind, state=State.DRAFT, created_at__gte=now - DRAFT_LIFE
    ).first()
    return earlier or CopyRequest.objects.create(
        session_hash=session_hash, post_key=post_key, kind=kind, language=language, created_at=now
    )


def draft_of(*, session_hash: bytes, reference: str, now: datetime) -> CopyRequest:
    """The unfinished form of this browser. Raises RefusedError(NOT_YOURS), alike for unknown and foreign ones."""
    row = CopyRequest.objects.filter(
        session_hash=session_hash, reference=reference, state=State.DRAFT, created_at__gte=now - DRAFT_LIFE
    ).first()
    if row is None:
        raise RefusedError(Reason.NOT_YOURS)
    return row


def keep(request: CopyRequest, answers: dict[str, Any]) -> None:
    """Keep what was written so far."""
    request.answers = {**request.answers, **answers}
    request.save(update_fields=["answers"])


def receive(request: CopyRequest, *, contact: str, now: datetime) -> CopyRequest:
    """The form is complete: the month runs from here (CRPA R.*311-12), and a receipt goes out.

    Raises:
        RefusedError: NOT_OFFICIAL for a prefecture that writes from somewhere else.
    """
    if request.kind == CopyRequest.Kind.PREFECTURE and not is_official(contact):
        raise RefusedError(Reason.NOT_OFFICIAL)
    with transaction.atomic():
        request.contact = contact
        request.contact_index = contact_index(contact)
        request.state = State.RECEIVED
        request.received_at = now
        request.deadline = last_day(now.astimezone(PARIS).date(), Period(months=1))
        request.session_hash = None
        request.save()
        enqueue("copy_received", request.reference, dedupe=f"copy_received:{request.reference}")
    log.info("copy_received", extra={"request": request.pk, "kind": request.kind, "post": request.post_key})
    return request


def identify(request: CopyRequest, *, how: str, by: str, now: datetime) -> None:
    """The identity was verified: by whom, when and how stays; the copy of the document goes."""
    with transaction.atomic():
        locked = _open(request)
        locked.identity_by, locked.identity_how, locked.identity_at = by, how[:200], now
        locked.save(update_fields=["identity_by", "identity_how", "identity_at"])
        CopyUpload.objects.filter(request=locked).delete()
    request.refresh_from_db()


def match(request: CopyRequest, file: VisaFile) -> None:
    """The visa file that is asked for.

    Raises:
        RefusedError: OTHER_POST, because a post answers for its own visas; GONE for a file that was just erased.
    """
    with transaction.atomic():
        _hold_file(file.pk)
        locked = _open(request)
        if file.post_key != locked.post_key:
            raise RefusedError(Reason.OTHER_POST)
        locked.file_id, locked.erased_on = file.pk, None
        locked.save(update_fields=["file_id", "erased_on"])
    request.refresh_from_db()


def propose(request: CopyRequest, *, grant: bool, by: str, now: datetime, refusal: str = "", text: str = "") -> None:
    """Propose a decision; where one person is enough it is decided at once.

    Raises:
        RefusedError: NOT_OPEN, NOT_MATCHED, NOT_IDENTIFIED.
    """
    with transaction.atomic():
        locked = _open(request)
        if grant:
            _check_grantable(locked)
        locked.state = State.PROPOSED
        locked.proposal = "grant" if grant else "refuse"
        locked.refusal, locked.refusal_text = ("", None) if grant else (refusal, text or None)
        locked.proposed_by = by
        locked.save()
    request.refresh_from_db()
    if not settings_of(request.post_key).two_persons:
        decide(request, by=by, now=now)


def send_back(request: CopyRequest) -> None:
    """The second person does not agree: the request is open again."""
    CopyRequest.objects.filter(pk=request.pk, state=State.PROPOSED).update(
        state=State.RECEIVED, proposal="", refusal="", refusal_text=None, proposed_by=""
    )
    request.refresh_from_db()


def decide(request: CopyRequest, *, by: str, now: datetime) -> None:
    """Carry out the proposal. The table refuses the proposer where two persons are needed.

    Raises:
        RefusedError: NOT_OPEN, SAME_PERSON, GONE (erased between proposal and decision).
    """
    try:
        with transaction.atomic():
            if request.file_id is not None:
                _hold_file(request.file_id)
            locked = CopyRequest.objects.select_for_update().get(pk=request.pk)
            if locked.state != State.PROPOSED:
                raise RefusedError(Reason.GONE if locked.erased_on else Reason.NOT_OPEN)
            granted = locked.proposal == "grant"
            if granted:
                _check_grantable(locked)
            locked.state = State.GRANTED if granted else State.REFUSED
            locked.decided_by, locked.decided_at = by, now
            locked.save()
            CopyUpload.objects.filter(request=locked).delete()
            if granted:
                send_link(locked, now)
            else:
                enqueue("copy_refused", locked.reference, dedupe=f"copy_refused:{locked.reference}")
    except IntegrityError as error:
        if "copy_needs_a_second_person" in str(error):
            raise RefusedError(Reason.SAME_PERSON) from error
        raise
    request.refresh_from_db()


def _open(request: CopyRequest) -> CopyRequest:
    locked = CopyRequest.objects.select_for_update().get(pk=request.pk)
    if locked.state != State.RECEIVED:
        raise RefusedError(Reason.NOT_OPEN)
    return locked


def _hold_file(file_id: uuid.UUID) -> None:
    """Keep a file from being erased until the end of the transaction; before the request, as an erasure does.

    Raises:
        RefusedError: GONE.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM archives_visafile WHERE id = %s FOR KEY SHARE", [file_id])
        if cursor.fetchone() is None:
            raise RefusedError(Reason.GONE)


def _check_grantable(request: CopyRequest) -> None:
    if request.erased_on is not None:
        raise RefusedError(Reason.GONE)
    if request.file_id is None:
        raise RefusedError(Reason.NOT_MATCHED)
    if request.identity_at is None:
        raise RefusedError(Reason.NOT_IDENTIFIED)
    if not VisaFile.objects.filter(pk=request.file_id).exists():
        raise RefusedError(Reason.GONE)
