"""Drawing: the published list, ordered by the randomness it named, becomes bookings and a public result."""

from __future__ import annotations

import hashlib
import hmac
import logging
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from appointments.domain import draw as rules
from appointments.domain.beacon import QUICKNET, BeaconError, NotYetPublishedError, Randomness
from appointments.domain.commitment import Ticket, read_list
from appointments.draws.assignment import apply_outcome
from appointments.draws.beacons import randomness_of
from appointments.draws.closing import pack, return_slots
from appointments.draws.closures import credit, take_out_closed
from appointments.draws.record import lines_of
from appointments.draws.telling import tell_of_the_result
from appointments.models import Draw, DrawDocument

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=60)
"""A round that is so late is worth a recorded reason; before that, waiting for it is ordinary."""


class TamperedListError(RuntimeError):
    """The kept list is not the one that was published: its hash differs. Nothing is drawn from it."""


@dataclass(frozen=True, slots=True)
class Computed:
    """The result of a draw before anything is written."""

    randomness: Randomness
    winners: list[tuple[str, tuple[int, ...]]]
    losers: list[str]
    result_hash: bytes
    result_body: bytes
    result_bytes: int


def due_to_draw(now: datetime) -> list[int]:
    """Committed draws whose round should exist by now, oldest first."""
    committed = Draw.objects.filter(state=Draw.State.COMMITTED).order_by("committed_at", "pk")
    return [
        draw.pk
        for draw in committed.only("pk", "source", "round")
        if draw.source == Draw.Source.DEMONSTRATION or QUICKNET.instant_of(int(draw.round or 0)) <= now
    ]


def draw_now(pk: int, now: datetime, source: Callable[[Draw, datetime], Randomness] = randomness_of) -> Draw | None:
    """Draw a committed draw with the randomness that its list named, and assign the slots in one transaction.

    Args:
        pk: the draw.
        now: the database's clock, UTC.
        source: gives the verified randomness; raises BeaconError while it cannot be had.

    Returns:
        The draw; None where it is not committed, or is postponed (its `postponed_reason` says why).

    Raises:
        TamperedListError: the kept list has another hash than the published one.
    """
    draw = Draw.objects.select_related("service").filter(pk=pk, state=Draw.State.COMMITTED).first()
    if draw is None:
        return None
    try:
        randomness = source(draw, now)
    except BeaconError as error:
        _postpone(draw, error, now)
        return None
    computed = compute(draw, randomness)
    with transaction.atomic():
        locked = (
            Draw.objects.select_for_update(of=("self",), no_key=True)
            .select_related("service")
            .filter(pk=pk, state=Draw.State.COMMITTED)
            .first()
        )
        return None if locked is None else _write(locked, computed, now)


def compute(draw: Draw, randomness: Randomness) -> Computed:
    """The outcome of a committed draw: a function of its published bytes and the signature alone.

    Raises:
        TamperedListError: the kept list has another hash than the published one.
    """
    digest = hashlib.sha256()
    with suppress(zlib.error):  # what was unpacked before the damage has another hash
        for line in lines_of(draw, DrawDocument.Part.LIST):
            digest.update(line)
    if not hmac.compare_digest(digest.digest(), bytes(draw.list_hash or b"")):
        raise TamperedListError(f"The list of draw {draw.pk} has another hash than the one that was published.")
    header, slots, stream = read_list(lines_of(draw, DrawDocument.Part.LIST))
    tickets: list[Ticket] = list(stream)
    seed = rules.seed_of(header.draw, digest.hexdigest(), randomness.value)
    outcome = rules.draw(seed, tickets, slots, header.adjacent_minutes)
    result = rules.result_lines(
        draw_name=header.draw,
        list_hash=digest.hexdigest(),
        signature=randomness.signature,
        tickets=tickets,
        outcome=outcome,
    )
    result_hash, body, length = pack(result)
    return Computed(
        randomness=randomness,
        winners=[(tickets[position].ticket, slots_) for position, slots_ in outcome.taken.items()],
        losers=[ticket.ticket for position, ticket in enumerate(tickets) if position not in outcome.taken],
        result_hash=result_hash,
        result_body=body,
        result_bytes=length,
    )


def _write(draw: Draw, computed: Computed, now: datetime) -> Draw:
    closed = take_out_closed(draw)
    applied = apply_outcome(draw, computed.winners, computed.losers, now)
    unseated = credit(computed.winners)
    return_slots(draw)
    DrawDocument.objects.create(
        draw=draw, part=DrawDocument.Part.RESULT, body=computed.result_body, plain_bytes=computed.result_bytes
    )
    draw.state = Draw.State.DRAWN
    draw.randomness, draw.signature = computed.randomness.value, computed.randomness.signature
    draw.drawn_at, draw.result_hash = now, computed.result_hash
    draw.winners_count, draw.assigned_count = len(computed.winners), applied.slots_given
    draw.closed_count = len(closed)
    draw.postponed_reason = ""
    draw.save()
    tell_of_the_result(draw, served=applied.served, lost=applied.lost, unseated=unseated)
    log.info("drawn", extra={"draw": draw.pk, "served": len(applied.served), "lost": len(applied.lost)})
    return draw


def _postpone(draw: Draw, error: BeaconError, now: datetime) -> None:
    """Write down why a draw waits, so that the page and staff can say it. A round a few seconds late is no reason."""
    due = QUICKNET.instant_of(draw.round) if draw.round else now
    if isinstance(error, NotYetPublishedError) and now < due + PATIENCE:
        return
    reason = f"{type(error).__name__.removesuffix('Error')}: {error}"[:200]
    changed = Draw.objects.filter(pk=draw.pk, state=Draw.State.COMMITTED).exclude(postponed_reason=reason)
    if changed.update(postponed_reason=reason):
        log.warning("draw_postponed", extra={"draw": draw.pk, "reason": type(error).__name__})
