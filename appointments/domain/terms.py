"""What other terms would have meant for bookings that were: the same people, the same moments, other values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """The values of one version that such a comparison needs."""

    payment_deadline_hours: int
    hold_minutes: int
    refund_hours_before: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """Places that were kept for somebody until they paid: `drawn` or chosen, for `given`; `paid_after` None: never."""

    drawn: bool
    places: int
    given: timedelta
    paid_after: timedelta | None
    ended_after: timedelta | None  # given back, or run out; None: it was paid


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A paid booking that the person cancelled so long `before` its beginning."""

    before: timedelta
    refunded: bool


@dataclass(slots=True)
class Told:
    """Numbers over some weeks; `idle_hours`: place-hours for which nobody could have what nobody paid for."""

    holds_lost: int = 0
    wins_lost: int = 0
    idle_hours: float = 0
    refunded: int = 0

    @property
    def idle(self) -> int:
        """Whole hours."""
        return round(self.idle_hours)


def as_it_was(offers: Iterable[Offer], cancelled: Iterable[GivenBack]) -> Told:
    """What became of them under the terms that each of them met."""
    told = Told(refunded=sum(one.refunded for one in cancelled))
    for offer in offers:
        _count(told, offer, max(offer.given, offer.paid_after or offer.given))
    return told


def replayed(terms: Terms, offers: Iterable[Offer], cancelled: Iterable[GivenBack]) -> Told:
    """What would have become of them under `terms`.

    Whoever never paid would not have paid with more time either, so with longer deadlines the numbers are the most
    that would have been lost.
    """
    hours = terms.refund_hours_before
    told = Told()
    if hours is not None:
        told.refunded = sum(one.before >= hours * HOUR for one in cancelled)
    for offer in offers:
        minutes = terms.payment_deadline_hours * 60 if offer.drawn else terms.hold_minutes
        _count(told, offer, timedelta(minutes=minutes))
    return told


def _count(told: Told, offer: Offer, given: timedelta) -> None:
    """Add one offer that would have stood for `given`."""
    if offer.paid_after is not None and offer.paid_after <= given:
        return
    if offer.paid_after is None and offer.ended_after is not None and offer.ended_after < min(given, offer.given):
        kept = offer.ended_after  # given back of their own will, before either deadline
    else:
        kept = given
        if offer.drawn:
            told.wins_lost += 1
        else:
            told.holds_lost += 1
    told.idle_hours += offer.places * (kept / HOUR)


def chosen(values: dict[str, int | None]) -> Terms:
    """The part of a form's values that counts here."""
    return Terms(**{field.name: values[field.name] for field in fields(Terms)})  # type: ignore[arg-type]
