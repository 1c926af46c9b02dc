"""A post cannot open: everybody affected is told, paid back, and where there is a draw put first in line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from antibot import doors
from appointments.calendar.closing import slots_in
from appointments.calendar.making import make_slots_of_post
from appointments.draws.closures import PRIORITY_DRAWS, lock_draws_of
from appointments.models import Booking, Closure, Person, Place, Request, Service, Slot
from appointments.models.requests import new_ticket_id
from appointments.queries.policies import is_drawn, policy_in_force
from appointments.staff.showing import today_at
from mailroom.post import enqueue_many

_WAITS_AT_LEAST = timedelta(days=60)
_LIVING = (Booking.State.HELD, Booking.State.CONFIRMED)


@dataclass(frozen=True)
class Affected:
    """Who stands before the closed door; numbers for the preview."""

    bookings: int
    people: int
    refunds: int
    refund_cents: int
    drawn: int
    without_mail: int
    open_slots: int
    in_draw: int


@dataclass(frozen=True)
class Moved:
    """What was done."""

    bookings: int
    refunds: int
    requests: int
    letters: int
    to_telephone: list[str]


def _bookings(closure: Closure, now: datetime) -> "list[Booking]":
    slots = slots_in(closure, now).filter(state=Slot.State.TAKEN).values("pk")
    touched = Place.objects.filter(slot__in=slots, living=True).values("booking_id")
    rows = Booking.objects.filter(pk__in=touched, state__in=_LIVING).order_by("pk")
    return list(rows.select_related("request__service__post", "request__service__category"))


def _drawn_services(bookings: Sequence[Booking]) -> set[int]:
    services: dict[int, Service] = {booking.request.service_id: booking.request.service for booking in bookings}
    return {pk for pk, service in services.items() if is_drawn(policy_in_force(service))}


def affected(closure: Closure, now: datetime) -> Affected:
    """Count everybody whom `closure` (saved or not) would send home from `now` on; changes nothing."""
    bookings = _bookings(closure, now)
    drawn = _drawn_services(bookings)
    paid = [booking for booking in bookings if booking.paid_at and booking.amount_cents]
    slots = slots_in(closure, now)
    return Affected(
        bookings=len(bookings),
        people=sum(booking.request.size for booking in bookings),
        refunds=len(paid),
        refund_cents=sum(booking.amount_cents for booking in paid),
        drawn=sum(booking.request.service_id in drawn for booking in bookings),
        without_mail=sum(not booking.request.contact for booking in bookings),
        open_slots=slots.filter(state=Slot.State.RELEASED).count(),
        in_draw=slots.filter(state=Slot.State.IN_DRAW).count(),
    )


def close_and_move(*, closure: Closure, priority: bool, by: str, now: datetime) -> Moved:
    """Save the closure and move everybody affected, in one transaction.

    Every booking in that time is cancelled by the post: fees paid come back, nobody pauses. With `priority`, the
    people of a drawn service are entered again at once, with the weight of somebody who lost twelve draws. Open slots
    of that time go. Slots in a draw leave it when its list is closed; where the list is public already, list and result
    stay, and whoever is drawn for such a slot keeps standing with the same weight (`appointments.draws.closures`).
    """
    with transaction.atomic():
        lock_draws_of(closure.post)
        closure.save()
        found = [booking.pk for booking in _bookings(closure, now)]
        # Locked in the order of their keys, and read again: a payment or cancellation may have been faster.
        bookings = list(
            Booking.objects.select_for_update(of=("self",))
            .filter(pk__in=found, state__in=_LIVING)
            .select_related("request__service__post", "request__service__category")
            .order_by("pk")
        )
        _cancel(bookings, by, now)
        again = _enter_again(bookings, now) if priority else {}
        _remove_slots(closure, now)
        refunds = 0
        for booking in bookings:
            if booking.amount_cents:
                doors.refund(booking.subject, Request.Ended.POST_CLOSED, now)
                refunds += booking.paid_at is not None
        letters = _write_letters(bookings, again, closure, now)
    silent = [booking.request.reference for booking in bookings if not booking.request.contact]
    return Moved(len(bookings), refunds, len(again), letters, silent)


def _cancel(bookings: Sequence[Booking], by: str, now: datetime) -> None:
    Booking.objects.filter(pk__in=[booking.pk for booking in bookings]).update(
        state=Booking.State.CANCELLED, finished_at=now, finished_by=by
    )
    Request.objects.filter(pk__in=[booking.request_id for booking in bookings]).update(
        state=Request.State.ENDED, ended_reason=Request.Ended.POST_CLOSED, ended_at=now
    )


def _remove_slots(closure: Closure, now: datetime) -> None:
    gone = (Slot.State.RELEASED, Slot.State.WITHHELD, Slot.State.POOLED)
    keys = list(slots_in(closure, now).filter(state__in=gone).values_list("pk", flat=True))
    Slot.objects.filter(pk__in=keys, state__in=gone).update(state=Slot.State.REMOVED, release=None)
    make_slots_of_post(closure.post, closure.first_day, closure.last_day, now)


def _enter_again(bookings: Sequence[Booking], now: datetime) -> dict[int, Request]:
    """New standing requests of the same people; by primary key of the request that ended."""
    drawn = _drawn_services(bookings)
    olds = [booking.request for booking in bookings if booking.request.service_id in drawn]
    news = {old.pk: _again(old, now) for old in olds}
    Request.objects.bulk_create(news.values())
    people = []
    for person in Person.objects.filter(request_id__in=news).order_by("identity_index"):
        person.pk, person.request = None, news[person.request_id]
        person._state.adding = True
        people.append(person)
    Person.objects.bulk_create(people)
    return news


def _again(old: Request, now: datetime) -> Request:
    today = today_at(old.service.post, now)
    furthest = today + timedelta(days=old.service.request_life_days)
    return Request(
        ticket_id=new_ticket_id(),
        service=old.service,
        contact=old.contact,
        contact_index=old.contact_index,
        language=old.language,
        letters=old.letters,
        quota=old.quota,
        size=old.size,
        priority_draws=PRIORITY_DRAWS,
        first_day=today,
        last_day=min(max(old.last_day, today + _WAITS_AT_LEAST), furthest),
        earliest=old.earliest,
        latest=old.latest,
        weekdays=old.weekdays,
        short_notice=old.short_notice,
        origin=old.origin,
        entered_at=now,
    )


def _write_letters(bookings: Sequence[Booking], again: dict[int, Request], closure: Closure, now: datetime) -> int:
    letters = []
    for booking in bookings:
        if not booking.request.contact:
            continue
        fresh = again.get(booking.request_id)
        payload = {
            "reason": closure.reason,
            "refund": booking.paid_at is not None and booking.amount_cents > 0,
            "till": booking.origin == Booking.Origin.WALK_IN,
            "again": fresh.reference if fresh else "",
        }
        letters.append(("post_closed", booking.request.reference, payload, f"post_closed:{booking.request.reference}"))
    return len(enqueue_many(letters))


def still_affected(closure: Closure, now: datetime) -> int:
    """People who have an appointment within a closure that is already in force."""
    slots = slots_in(closure, now).filter(state=Slot.State.TAKEN).values("pk")
    rows = Booking.objects.filter(places__slot__in=slots, places__living=True, state__in=_LIVING).distinct()
    return rows.aggregate(people=Sum("request__size"))["people"] or 0
