"""What the public pages show of draws."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from appointments.domain.beacon import QUICKNET
from appointments.draws.record import NoRecordError, find_ticket, lines_of
from appointments.models import Draw, DrawDocument
from vault.guarded_cache import recall, remember

ON_A_PAGE = 40
LONGEST_ODDS = 200_000
_HOUR, _MONTH = 3600, 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Odds:
    """How many tickets of one size, or with one number of lots, were served."""

    what: int
    tickets: int
    served: int

    @property
    def percent(self) -> float:
        """Served among a hundred."""
        return 100 * self.served / self.tickets


def public_draws(before: int | None, service: str) -> QuerySet[Draw]:
    """Draws whose list was closed, newest first; `service` is a scope key, `before` a draw's number, for turning pages.

    One query for a page.
    """
    # Draws that nobody took part in have a page of their own; in the list they would hide the others.
    unlisted = [Draw.State.COLLECTING, Draw.State.EMPTY]
    rows = Draw.objects.exclude(state__in=unlisted).select_related("service__post", "service__category")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if service:
        key, _slash, slug = service.partition("/")
        rows = rows.filter(service__post__key=key, service__slug=slug)
    return rows.order_by("-pk")


def round_at(draw: Draw) -> datetime | None:
    """When the round of a draw is produced; None for the demonstration."""
    return QUICKNET.instant_of(draw.round) if draw.source == Draw.Source.DRAND and draw.round else None


def has_record(draw: Draw) -> bool:
    """Whether the record is still there in full."""
    return DrawDocument.objects.filter(draw=draw, part=DrawDocument.Part.LIST).exists()


def why_postponed(draw: Draw) -> str:
    """The recorded reason in the reader's language."""
    kind = draw.postponed_reason.partition(":")[0]
    return {
        "": "",
        "NotYetPublished": _("The beacon has not published this round yet."),
        "Unreachable": _("No relay of the beacon can be reached."),
        "WrongRound": _("A relay of the beacon answered with another round than the one that was named."),
        "BadSignature": _("A relay of the beacon gave an answer that the beacon did not sign."),
    }.get(kind, _("The beacon could not be read."))


def odds_of(draw: Draw) -> tuple[list[Odds], list[Odds]] | None:
    """Served tickets by size and by lots, counted from the published record; None where there is none, or it is huge.

    A record never changes, so neither does the count: it is kept for a month.
    """
    if draw.state != Draw.State.DRAWN or draw.tickets_count > LONGEST_ODDS:
        return None
    key = f"draw-odds:{draw.pk}"
    counted: dict[str, dict[int, list[int]]] | None = recall(key)
    if counted is None:
        counted = _count(draw)
        remember(key, counted, _MONTH)
    by = [[Odds(what, *pair) for what, pair in sorted(counted[name].items())] for name in ("size", "weight")]
    return (by[0], by[1]) if by[0] else None


def _count(draw: Draw) -> dict[str, dict[int, list[int]]]:
    counted: dict[str, dict[int, list[int]]] = {"size": {}, "weight": {}}
    served = {
        line["ticket"]
        for line in map(json.loads, lines_of(draw, DrawDocument.Part.RESULT))
        if "ticket" in line and line["slots"]
    }
    for line in map(json.loads, lines_of(draw, DrawDocument.Part.LIST)):
        if "weight" not in line:
            continue
        for name, by in counted.items():
            pair = by.setdefault(line[name], [0, 0])
            pair[0] += 1
            pair[1] += line["ticket"] in served
    return counted


@dataclass(frozen=True, slots=True)
class Standing:
    """A ticket in a record: its lots, its rank (None until the draw) and the places it was given."""

    ticket: str
    weight: int
    size: int
    rank: int | None
    slots: int | None


def ticket_in(draw: Draw, ticket: str) -> Standing | None:
    """A ticket of a published record, or None; kept for an hour, as looking means reading the record."""
    key = f"draw-ticket:{draw.pk}:{draw.state}:{ticket}"
    known: Standing | bool | None = recall(key)
    if known is None:
        try:
            found = find_ticket(draw, ticket)
        except NoRecordError:
            found = None
        line = json.loads(found.line) if found else {}
        known = Standing(ticket, line["weight"], line["size"], found.rank, found.slots) if found else False
        remember(key, known, _HOUR)
    return known if isinstance(known, Standing) else None
