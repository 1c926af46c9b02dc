"""Somebody stands at the desk and a slot of today is free."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise

from django.db import transaction

from appointments.actions.people import check_group, contact_index, entering, write_people
from appointments.domain.commitment import adjacent_minutes
from appointments.domain.people import PersonData
from appointments.models import Booking, Person, Place, Post, Request, Service, Slot
from appointments.refusals import Reason, RefusedError
from appointments.staff.till import Handed, take_fee
from mailroom.post import enqueue

# As in the trigger of the table: a slot of this working day, begun at most four hours ago, or within twelve.
_FREE = (Slot.State.POOLED, Slot.State.WITHHELD, Slot.State.RELEASED)
_BACK = timedelta(hours=4)
_AHEAD = timedelta(hours=12)


def free_today(post: Post, now: datetime, limit: int = 40) -> list[Slot]:
    """Slots of this day that nobody has and no draw holds, from a quarter of an hour ago on."""
    slots = Slot.objects.filter(
        counter__post=post, state__in=_FREE, starts_at__gte=now - timedelta(minutes=15), starts_at__lte=now + _AHEAD
    )
    return list(slots.select_related("service__category", "counter").order_by("starts_at", "counter__number")[:limit])


def _take(service: Service, chosen: Slot, size: int, now: datetime) -> list[Slot]:
    """Lock `size` free slots from the chosen time on, side by side, as in the draw."""
    found = list(
        Slot.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(
            service=service,
            local_day=chosen.local_day,
            local_time__gte=chosen.local_time,
            state__in=_FREE,
            starts_at__range=(now - _BACK, now + _AHEAD),
        )
        .order_by("local_time", "counter_id", "id")[:size]
    )
    if not found or found[0].local_time != chosen.local_time:
        raise RefusedError(Reason.SLOT_GONE)
    gap = timedelta(minutes=adjacent_minutes(service.duration_minutes))
    if len(found) < size or any(after.starts_at - before.starts_at > gap for before, after in pairwise(found)):
        raise RefusedError(Reason.NO_ADJACENT_SLOTS)
    return found


def _book(request: Request, persons: Sequence[Person], slots: list[Slot], handed: Handed, now: datetime) -> Booking:
    service = request.service
    amount = service.service_fee_cents * len(persons)
    booking = Booking.objects.create(
        request=request,
        origin=Booking.Origin.WALK_IN,
        state=Booking.State.CONFIRMED,
        local_day=slots[0].local_day,
        local_time=slots[0].local_time,
        amount_cents=amount,
        currency=service.currency,
        created_at=now,
        hold_until=now,
        paid_at=now if amount else None,
    )
    Place.objects.bulk_create(
        Place(booking=booking, slot=slot, person=person) for slot, person in zip(slots, persons, strict=True)
    )
    take_fee(booking, handed, now)
    if request.contact:
        enqueue("booking_confirmed", request.reference)
    return booking


def walk_in(
    *, chosen: Slot, people: Sequence[PersonData], contact: str, language: str, handed: Handed, now: datetime
) -> Booking:
    """Book a free slot of today for people who stand at the desk; adjacent slots for a family, all or none.

    The passport rules are those of every entry: one living request a passport, cooling-off included. A service fee is
    taken with it, for each person: booking, money and receipt are one transaction.

    Raises:
        RefusedError: SLOT_GONE, NO_ADJACENT_SLOTS, FEE_NOT_TAKEN, VOUCHER_REFUSED, and what check_group and the
            database refuse.
    """
    service = chosen.service
    people = check_group(service, people)
    with entering(service, people, contact, now):
        slots = _take(service, chosen, len(people), now)
        request = Request.objects.create(
            service=service,
            contact=contact,
            contact_index=contact_index(contact),
            language=language,
            state=Request.State.SERVED,
            origin=Request.Origin.DESK,
            size=len(people),
            first_day=chosen.local_day,
            last_day=chosen.local_day,
            earliest=chosen.local_time,
            latest=time(23, 59, 59),
            entered_at=now,
        )
        return _book(request, write_people(request, service, people), slots, handed, now)


def serve_standing(*, request: Request, chosen: Slot, handed: Handed, now: datetime) -> Booking:
    """Give a free slot of today to a standing request whose people have come at short notice, and take its fee.

    Raises:
        RefusedError: NOT_STANDING, SLOT_GONE, NO_ADJACENT_SLOTS, FEE_NOT_TAKEN, VOUCHER_REFUSED.
    """
    with transaction.atomic():
        locked = Request.objects.select_for_update(of=("self",)).select_related("service").get(pk=request.pk)
        if locked.state != Request.State.STANDING:
            raise RefusedError(Reason.NOT_STANDING)
        slots = _take(locked.service, chosen, locked.size, now)
        locked.state = Request.State.SERVED
        locked.save(update_fields=["state"])
        return _book(locked, list(locked.people.order_by("position")), slots, handed, now)


def standby(post: Post, day: datetime, limit: int = 100) -> list[Request]:
    """Standing requests of a post that can come at short notice, those that lost most draws first.

    `day` is now at the post. The order is fixed and public; staff do not choose whom they like.
    """
    rows = Request.objects.filter(
        service__post=post, state=Request.State.STANDING, short_notice=True,
        first_day__lte=day.date(), last_day__gte=day.date(), latest__gte=day.time(),
    )  # fmt: skip
    rows = rows.select_related("service__category").defer("contact")
    ordered = sorted(
        (row for row in rows.order_by("entered_at")[:5000] if row.weekdays >> day.weekday() & 1),
        key=lambda row: (-row.weight, row.entered_at, row.pk),
    )
    return ordered[:limit]
