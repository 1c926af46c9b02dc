"""Closing a draw: its list is fixed, published and mailed before the randomness exists."""

from __future__ import annotations

import hashlib
import logging
import time
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from appointments.domain.beacon import COMMIT_DELAY, QUICKNET
from appointments.domain.commitment import DEMONSTRATION, ListHeader, Slot, Ticket, adjacent_minutes, list_lines
from appointments.draws.beacons import commitment_of
from appointments.draws.closures import take_out_closed
from appointments.draws.listing import slots_of, tickets_of
from appointments.draws.telling import tell_of_the_list
from appointments.models import Draw, DrawDocument

log = logging.getLogger(__name__)

SAFETY = timedelta(seconds=30)
"""A list must be public at least so long before its round; if it took too long to write, nothing is published."""

_RETURN_SLOTS = """
    UPDATE appointments_slot s
       SET state = CASE WHEN s.returned_at IS NULL THEN 'pooled' ELSE 'withheld' END,
           release_id = NULL, quota = 'ordinary'
      FROM appointments_release r
     WHERE r.id = s.release_id AND r.draw_id = %s AND s.state = 'in_draw'
"""


class ListTooSlowError(RuntimeError):
    """Writing the list took so long that its round could have been produced already."""


def due_to_close(now: datetime) -> list[int]:
    """Draws whose claims are over, oldest first."""
    due = Draw.objects.filter(state=Draw.State.COLLECTING, closes_at__lte=now)
    return list(due.order_by("closes_at", "pk").values_list("pk", flat=True))


def close_draw(pk: int, now: datetime, secret: bytes) -> Draw | None:
    """Publish the list of a draw, in one transaction with the letters that carry its hash.

    Args:
        pk: the draw.
        now: the database's clock, UTC.
        secret: 32 fresh random bytes, used (and kept until the draw) by the demonstration source only.

    Returns:
        The draw, committed, or empty where nobody's wishes met a slot; None where it is not due, was closed already,
        or has to wait: a service has one published list at a time, so that nobody is drawn twice.

    Raises:
        ListTooSlowError: nothing was published; the next attempt names a later round.
    """
    started = time.monotonic()
    with transaction.atomic():
        draw = _lock_due(pk, now)
        if draw is None:
            return None
        take_out_closed(draw)
        slots = slots_of(draw)
        tickets: list[Ticket] = []
        references: list[str] = []
        for ticket, reference in tickets_of(draw, slots) if slots else ():
            tickets.append(ticket)
            references.append(reference)
        if not tickets:
            return _nobody_asked(draw, slots)
        header = _header(draw, now, secret, len(slots), len(tickets))
        _publish(draw, header, slots, tickets, now, secret)
        tell_of_the_list(draw, references, now)
        elapsed = timedelta(seconds=time.monotonic() - started)
        if header.round and now + elapsed > QUICKNET.instant_of(header.round) - SAFETY:
            raise ListTooSlowError(f"The list of draw {pk} took {elapsed.total_seconds():.0f} s to write.")
    log.info("draw_committed", extra={"draw": pk, "tickets": len(tickets), "slots": len(slots)})
    return draw


def _lock_due(pk: int, now: datetime) -> Draw | None:
    service = Draw.objects.filter(pk=pk).values("service_id")
    living = list(
        Draw.objects.select_for_update(of=("self",), no_key=True)
        .filter(service_id__in=service, state__in=[Draw.State.COLLECTING, Draw.State.COMMITTED])
        .select_related("service__post", "policy")
        .order_by("pk")
    )
    if any(draw.state == Draw.State.COMMITTED for draw in living):
        return None
    due = [draw for draw in living if draw.pk == pk and draw.closes_at <= now]
    return due[0] if due else None


def _header(draw: Draw, now: datetime, secret: bytes, slots: int, tickets: int) -> ListHeader:
    published = now.replace(microsecond=0)
    public = draw.source == Draw.Source.DRAND
    previous = (
        Draw.objects.filter(service=draw.service, list_hash__isnull=False)
        .order_by("-committed_at", "-pk")
        .values_list("list_hash", flat=True)
        .first()
    )
    return ListHeader(
        adjacent_minutes=adjacent_minutes(draw.service.duration_minutes),
        chain=QUICKNET.hash if public else DEMONSTRATION,
        commitment=commitment_of(draw, secret),
        draw=str(draw.pk),
        genesis=QUICKNET.genesis if public else 0,
        kind="standby" if draw.standby else "drawn",
        period=QUICKNET.period if public else 0,
        policy=draw.policy.version,
        previous=bytes(previous).hex() if previous else "",
        published_at=f"{published:%Y-%m-%dT%H:%M:%SZ}",
        round=QUICKNET.round_after(published + COMMIT_DELAY) if public else 0,
        service=draw.service.scope_key,
        slots=slots,
        source="drand" if public else DEMONSTRATION,
        tickets=tickets,
    )


def pack(lines: Iterable[bytes]) -> tuple[bytes, bytes, int]:
    """A document's lines: SHA-256, zlib body, length; streamed, so that the plain text is never whole in memory."""
    digest, packer, packed, length = hashlib.sha256(), zlib.compressobj(3), [], 0
    for line in lines:
        digest.update(line)
        length += len(line)
        packed.append(packer.compress(line))
        if len(packed) > 10_000:
            packed = [b"".join(packed)]
    packed.append(packer.flush())
    return digest.digest(), b"".join(packed), length


def _publish(
    draw: Draw, header: ListHeader, slots: list[Slot], tickets: list[Ticket], now: datetime, secret: bytes
) -> None:
    digest, body, length = pack(list_lines(header, slots, tickets))
    DrawDocument.objects.create(draw=draw, part=DrawDocument.Part.LIST, body=body, plain_bytes=length)
    draw.state = Draw.State.COMMITTED
    draw.committed_at = now.replace(microsecond=0)
    draw.list_hash = digest
    draw.previous_hash = bytes.fromhex(header.previous) or None
    draw.round = header.round
    draw.slots_count, draw.tickets_count = len(slots), len(tickets)
    draw.people_count = sum(ticket.size for ticket in tickets)
    if draw.source == Draw.Source.DEMONSTRATION:
        draw.signature = secret
    draw.save()


def _nobody_asked(draw: Draw, slots: list[Slot]) -> Draw:
    draw.state = Draw.State.EMPTY
    draw.slots_count = len(slots)
    draw.save(update_fields=["state", "slots_count"])
    return_slots(draw)
    return draw


def return_slots(draw: Draw) -> int:
    """Put the slots that a draw did not give away back into the pool; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_RETURN_SLOTS, [draw.pk])
        return int(cursor.rowcount)
