"""A post at work: bookings of today, at a time at which today's slots are not all over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from appointments.actions.people import contact_index, write_people
from appointments.domain.people import PersonData
from appointments.models import Booking, Counter, Place, Post, Release, Request, Service, Slot
from tests.cast import Scene, make_scene, make_service, person


def _at_work() -> ZoneInfo:
    """A zone in which it is between morning and evening: what is half an hour from now is still today."""
    zones = [ZoneInfo(key) for key in ("Africa/Algiers", "America/Martinique", "Pacific/Noumea")]
    return next(zone for zone in zones if 3 <= timezone.now().astimezone(zone).hour < 21)


ZONE = _at_work()


def scene_at_work() -> Scene:
    """The cast's post, at a time of day at which it works."""
    return make_scene(ZONE.key)


def other_post() -> Post:
    """A post in another country, which staff of Algiers must never see."""
    return Post.objects.create(
        key="ma-rab",
        name_fr="Rabat",
        name_ar="الرباط",
        name_en="Rabat",
        country="MA",
        timezone="Africa/Casablanca",
        identity_group="MA",
        languages=["fr"],
    )


def slots_near_now(service: Service, count: int, *, minutes: int = -30, counter: int = 1) -> list[Slot]:
    """Slots at one counter, the first one so many minutes from now, each on the day that its clock shows."""
    zone = ZoneInfo(service.post.timezone)
    place, _ = Counter.objects.get_or_create(post=service.post, number=counter)
    first = (timezone.now() + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    rows = []
    for index in range(count):
        start = first + timedelta(minutes=service.duration_minutes * index)
        local = start.astimezone(zone)
        end = start + timedelta(minutes=service.duration_minutes)
        rows.append(
            Slot(
                service=service,
                counter=place,
                local_day=local.date(),
                local_time=start.time(),
                starts_at=start,
                ends_at=end,
            )
        )
    return Slot.objects.bulk_create(rows)


def book(
    service: Service,
    slots: Sequence[Slot],
    people: Sequence[PersonData],
    *,
    contact: str = "somebody@example.org",
    paid: bool = True,
) -> Booking:
    """A booking as the draw or the calendar would have made it."""
    now = timezone.now()
    release = Release.objects.create(
        service=service,
        policy=service.policies.latest(),
        tick=Release.objects.count() + 10**6,
        kind=Release.Kind.FIRST_COME,
        opened_at=now,
        slots_count=len(slots),
        pool_size=len(slots),
    )
    Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(state=Slot.State.RELEASED, release=release)
    request = Request.objects.create(
        service=service,
        contact=contact,
        contact_index=contact_index(contact),
        state=Request.State.SERVED,
        size=len(people),
        first_day=slots[0].local_day,
        last_day=slots[0].local_day,
        earliest=time(0),
        latest=time(23, 59),
        entered_at=now - timedelta(days=3),
    )
    booking = Booking.objects.create(
        request=request,
        origin=Booking.Origin.FIRST_COME,
        state=Booking.State.CONFIRMED if paid else Booking.State.HELD,
        local_day=slots[0].local_day,
        local_time=slots[0].local_time,
        amount_cents=2900 * len(people),
        currency="EUR",
        created_at=now,
        hold_until=now + timedelta(minutes=15),
        paid_at=now if paid else None,
    )
    persons = write_people(request, service, [somebody.normalised() for somebody in people])
    Place.objects.bulk_create(
        Place(booking=booking, slot=slot, person=somebody) for slot, somebody in zip(slots, persons, strict=True)
    )
    return booking


def full_day(post: Post, count: int, counters: int = 20) -> datetime:
    """`count` paid bookings on one day at many counters, written in bulk. Returns its morning there."""
    service = make_service(post, "first_come", code="C-FULL")
    day = (timezone.now() + timedelta(days=2)).date()
    now = timezone.now()
    places = [Counter.objects.get_or_create(post=post, number=number)[0] for number in range(1, counters + 1)]
    morning = datetime.combine(day, time(8), tzinfo=ZONE)
    release = Release.objects.create(
        service=service,
        policy=service.policies.latest(),
        tick=1,
        kind=Release.Kind.FIRST_COME,
        opened_at=now,
        slots_count=count,
        pool_size=count,
    )
    slots = []
    for index in range(count):
        start = morning + timedelta(minutes=5 * (index // counters))
        slots.append(
            Slot(
                service=service,
                counter=places[index % counters],
                local_day=day,
                local_time=start.time(),
                starts_at=start,
                ends_at=start + timedelta(minutes=5),
                state=Slot.State.RELEASED,
                release=release,
            )
        )
    slots = Slot.objects.bulk_create(slots)
    requests = Request.objects.bulk_create(
        Request(
            service=service,
            contact=f"p{i}@example.org",
            contact_index=bytes(32),
            state=Request.State.SERVED,
            size=1,
            first_day=day,
            last_day=day,
            earliest=time(0),
            latest=time(23, 59),
            entered_at=now,
        )
        for i in range(count)
    )
    persons = [write_people(request, service, [person(i)])[0] for i, request in enumerate(requests)]
    bookings = Booking.objects.bulk_create(
        Booking(
            request=request,
            origin=Booking.Origin.FIRST_COME,
            state=Booking.State.CONFIRMED,
            local_day=day,
            local_time=slot.local_time,
            amount_cents=2900,
            currency="EUR",
            created_at=now,
            hold_until=now,
            paid_at=now,
        )
        for request, slot in zip(requests, slots, strict=True)
    )
    Place.objects.bulk_create(
        Place(booking=booking, slot=slot, person=somebody)
        for booking, slot, somebody in zip(bookings, slots, persons, strict=True)
    )
    return morning
