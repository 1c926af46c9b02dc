"""Who is told what of a draw, and how often: being drawn is always told at once, everything else as people wish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from appointments.models import Draw, Request
from mailroom.post import enqueue_many

LETTERS_AT_ONCE = 5000


def _mail(kind: str, draw: Draw, references: Sequence[str], *, once_a: str = "") -> None:
    """One letter of a kind to each request, in statements of some thousands; `once_a` day, where one is named."""
    for start in range(0, len(references), LETTERS_AT_ONCE):
        batch = references[start : start + LETTERS_AT_ONCE]
        enqueue_many(
            [(kind, f"{draw.pk}:{reference}", None, f"{kind}:{once_a or draw.pk}:{reference}") for reference in batch]
        )


def _by_wish(draw: Draw, references: Iterable[str]) -> dict[str, list[str]]:
    """References by how often their people wish to hear of draws; only what differs from the usual is asked for."""
    unusual = Request.objects.filter(service=draw.service_id, state=Request.State.STANDING)
    wishes = dict(unusual.exclude(letters=Request.Letters.DAILY).values_list("reference", "letters"))
    found: dict[str, list[str]] = {choice: [] for choice in Request.Letters.values}
    for reference in references:
        found[wishes.get(reference, Request.Letters.DAILY)].append(reference)
    return found


def tell_of_the_list(draw: Draw, references: Sequence[str], now: datetime) -> None:
    """The fingerprint of a list, before its randomness exists: of each list, of the first one of a day, or of none.

    Each list names the fingerprint of the one before it, so that one letter a day binds all of them.
    """
    by_wish = _by_wish(draw, references)
    day = now.astimezone(ZoneInfo(draw.service.post.timezone)).date()
    _mail("draw_committed", draw, by_wish[Request.Letters.EACH])
    _mail("draw_committed", draw, by_wish[Request.Letters.DAILY], once_a=day.isoformat())


def tell_of_the_result(draw: Draw, *, served: Sequence[str], lost: Sequence[str], unseated: Sequence[str]) -> None:
    """A result: at once to whoever was drawn, even where the slot could not be given; of a loss only on wish.

    Everybody else hears of losses with the next list: the letter of the day says how many there were.
    """
    _mail("draw_won" if draw.service.prepaid_cents else "booking_confirmed", draw, served)
    _mail("draw_closed", draw, unseated)
    without = set(unseated)
    _mail("draw_lost", draw, _by_wish(draw, [one for one in lost if one not in without])[Request.Letters.EACH])
