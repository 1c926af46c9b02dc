"""Links between files, holds and their end."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from archives.actions.record_event import record_event
from archives.domain.retention import Event, EventType
from archives.models import FileLink, Hold, RestrictedCopy


def link_group(files: Sequence[uuid.UUID]) -> None:
    """Each with each: people who travel together (art. 8(4)). A link that exists stays."""
    pairs = [(a, b) for i, a in enumerate(files) for b in files[i + 1 :] if a != b]
    links = [FileLink(first_id=min(pair), second_id=max(pair), kind=FileLink.Kind.GROUP) for pair in pairs]
    FileLink.objects.bulk_create(links, ignore_conflicts=True)


def unlink(link: FileLink) -> None:
    """A link that was made by mistake."""
    link.delete()


def link_earlier(earlier: uuid.UUID, later: uuid.UUID) -> None:
    """An earlier file of the same person (art. 8(3))."""
    FileLink.objects.get_or_create(first_id=earlier, second_id=later, kind=FileLink.Kind.EARLIER)


def set_hold(
    file_id: uuid.UUID,
    legal_basis: str,
    ends_by: date,
    today: date,
    now: datetime,
    actor: int | None = None,
    reason: str = "",
) -> None:
    """A hold with basis, reason and end: the file goes on time, a restricted copy stays at most until then."""
    with transaction.atomic():
        record_event(file_id, Event(EventType.LEGAL_HOLD_SET, today), now, actor)
        said = {"legal_basis": legal_basis, "ends_by": ends_by, "lifted_on": None, "reason": reason or None}
        Hold.objects.update_or_create(file_id=file_id, defaults={**said, "set_by": actor, "set_at": now})


def lift_hold(file_id: uuid.UUID, today: date, now: datetime, actor: int | None = None) -> None:
    """The claim is over while the file still stands."""
    with transaction.atomic():
        record_event(file_id, Event(EventType.LEGAL_HOLD_LIFTED, today), now, actor)
        Hold.objects.filter(file_id=file_id).update(lifted_on=today)


def end_copy(copy_id: uuid.UUID, today: date) -> None:
    """The claim is over and only the copy is left: it goes with the next night (last day: today)."""
    RestrictedCopy.objects.filter(pk=copy_id, gone_from__gt=today).update(
        gone_from=date.fromordinal(today.toordinal() + 1)
    )
