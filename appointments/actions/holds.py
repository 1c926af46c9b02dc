"""First come, first served: take a time that is open, hold it until it is paid."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise

from django.db import transaction

from antibot import doors
from appointments.actions.cooling import cool_off
from appointments.actions.drafts import finish_draft, lock_draft
from appointments.actions.people import check_group, contact_index, entering, write_people
from appointments.domain.commitment import adjacent_minutes
from appointments.domain.people import PersonData
from appointments.models import Booking, Draft, Place, Request, Service, Slot
from appointments.refusals import Reason, RefusedError
from mailroom.post import enqueue, enqueue_many
from vault.rows import insert

# Day and time of the chosen slot as scalars, so that the index of open slots is read in its own order and no further
# than the first that are free.
_OPEN_FROM = """
    SELECT s.*, s.local_time = (SELECT local_time FROM appointments_slot WHERE id = %(chosen)s) AS is_chosen_time
      FROM appointments_slot s
     WHERE s.service_id = %(service)s AND s.state = 'released' AND s.starts_at > %(now)s
       AND s.local_day = (SELECT local_day FROM appointments_slot WHERE id = %(chosen)s AND service_id = %(service)s)
       AND s.local_time >= (SELECT local_time FROM appointments_slot WHERE id = %(chosen)s)
       AND EXISTS (SELECT FROM appointments_release r WHERE r.id = s.release_id AND r.kind = 'first_come')
     ORDER BY s.local_time, s.counter_id, s.id LIMIT %(size)s
       FOR UPDATE OF s SKIP LOCKED
"""


def _adjacent_slots(service: Service, slot_id: int, size: int, now: datetime) -> list[Slot]:
    """Lock the first `size` open slots from the chosen time on, skipping those that others are taking.

    Side by side means: each begins at most `adjacent_minutes` after the one before it, at whatever counter; the same
    rule as in the draw. In natural order these are simply the next `size` slots, as long as no gap lies between.
    """
    wanted = {"chosen": slot_id, "service": service.pk, "now": now, "size": size}
    found = list(Slot.objects.raw(_OPEN_FROM, wanted))
    gap = timedelta(minutes=adjacent_minutes(service.duration_minutes))
    if not found or not vars(found[0])["is_chosen_time"]:
        raise RefusedError(Reason.SLOT_GONE)
    together = all(later.starts_at - sooner.starts_at <= gap for sooner, later in pairwise(found))
    if len(found) < size or not together:
        raise RefusedError(Reason.NO_ADJACENT_SLOTS)
    return found


def hold(
    *,
    service: Service,
    slot_id: int,
    people: Sequence[PersonData],
    contact: str,
    language: str,
    now: datetime,
    draft: Draft | None = None,
) -> Booking:
    """Hold the chosen time for a person, or adjacent slots for a family (all or none), in one transaction.

    `slot_id` stands for its day and time: any free counter at that time serves. Held for `service.hold_minutes`;
    a service without a fee is confirmed at once.

    Raises:
        RefusedError: POST_CLOSED, SLOT_GONE, NO_ADJACENT_SLOTS, ALREADY_ENTERED, and what check_group and the
            database refuse.
    """
    if not (service.is_open and service.post.is_open):
        raise RefusedError(Reason.POST_CLOSED)
    people = check_group(service, people)
    with entering(service, people, contact, now):
        locked = lock_draft(draft=draft) if draft else None
        slots = _adjacent_slots(service, slot_id, len(people), now)
        chosen = slots[0]
        request = Request(
            service=service,
            contact=contact,
            contact_index=contact_index(contact),
            language=language,
            state=Request.State.SERVED,
            size=len(people),
            first_day=chosen.local_day,
            last_day=chosen.local_day,
            earliest=chosen.local_time,
            latest=time(23, 59, 59),
            entered_at=now,
        )
        insert(request)
        persons = write_people(request, service, people)
        amount = service.service_fee_cents * len(people)
        booking = Booking(
            request=request,
            origin=Booking.Origin.FIRST_COME,
            state=Booking.State.HELD if amount else Booking.State.CONFIRMED,
            local_day=chosen.local_day,
            local_time=chosen.local_time,
            amount_cents=amount,
            currency=service.currency,
            created_at=now,
            hold_until=now + timedelta(minutes=service.hold_minutes),
        )
        insert(booking)
        for slot, person in zip(slots, persons, strict=True):
            insert(Place(booking=booking, slot=slot, person=person))
        if locked:
            finish_draft(draft=locked, request=request, now=now)
        enqueue("hold_placed" if amount else "booking_confirmed", request.reference)
    return booking


def expire_holds(now: datetime, limit: int = 500) -> int:
    """End holds that were not paid in time; returns how many. Safe beside other sweepers.

    Slots become withheld, the request ends, the identities pause, and the open demand for money is withdrawn. A
    booking whose payment has arrived but was not taken yet is left alone: who paid in time keeps the slot.
    """
    with transaction.atomic():
        due = list(
            Booking.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state=Booking.State.HELD, hold_until__lte=now)
            .select_related("request__service")
            .order_by("hold_until")[:limit]
        )
        due = [b for b in due if doors.withdraw_payment(b.subject) != doors.PaymentState.PAID]
        requests = [booking.request_id for booking in due]
        Booking.objects.filter(pk__in=[booking.pk for booking in due]).update(
            state=Booking.State.EXPIRED, finished_at=now, finished_by="deadline"
        )
        Request.objects.filter(pk__in=requests, state=Request.State.SERVED).update(
            state=Request.State.ENDED, ended_reason=Request.Ended.UNPAID, ended_at=now
        )
        cool_off(requests, Request.Ended.UNPAID, now)
        enqueue_many([("hold_expired", b.request.reference, None, f"hold_expired:{b.request.reference}") for b in due])
    return len(due)
