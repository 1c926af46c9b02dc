"""First come, first served: take a time that is open, hold it until it is paid."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, Model

from antibot import doors
from appointments.actions.cooling import cool_off
from appointments.actions.people import check_group, contact_index, entering, people_rows
from appointments.domain.commitment import adjacent_minutes
from appointments.domain.people import PersonData
from appointments.models import Booking, Draft, Person, Request, Service
from appointments.refusals import Reason, RefusedError
from mailroom.post import enqueue, enqueue_many
from vault.rows import written

# Whoever pays at once needs no letter that says "pay": it goes to those who have not paid by then.
REMIND_AFTER = timedelta(minutes=2)
_HOLD = f"SELECT * FROM appointments_hold({', '.join(['%s'] * 21)})"  # noqa: S608 - marks only
_EMPTY: dict[str, Any] = {}


def _sealed(person: Person) -> list[Any]:
    """The seven personal fields as they are stored, in the order of `appointments_hold`."""
    return [_prepared(Person, name, getattr(person, name)) for name in _PERSONAL]


_PERSONAL = (
    "family_name",
    "given_names",
    "birth_date",
    "nationality",
    "passport_country",
    "passport_number",
    "france_visas",
)


def _prepared(model: type[Model], name: str, value: Any) -> Any:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101 - narrows the type
    return field.get_db_prep_save(value, connection)


def _call(booking: Booking, persons: Sequence[Person], slot_id: int, draft: Draft | None) -> None:
    """Carry the act out in one statement; gives the rows their keys, and the booking its day and time.

    Raises:
        RefusedError: SLOT_GONE, NO_ADJACENT_SLOTS, ALREADY_ENTERED, NOT_YOURS.
    """
    request, now = booking.request, booking.created_at
    # One order for everybody: two families that name the same two passports must not wait for each other in a circle.
    inserted = sorted(persons, key=lambda row: bytes(row.identity_index))
    values: list[Any] = [
        request.service_id, slot_id, now, timedelta(minutes=adjacent_minutes(request.service.duration_minutes)),
        draft.pk if draft else None, _prepared(Draft, "payload", _EMPTY),
        request.ticket_id, request.reference, _prepared(Request, "contact", request.contact), request.contact_index,
        request.language, booking.reference, booking.state, booking.amount_cents, booking.currency, booking.hold_until,
        [row.position for row in inserted], [_sealed(row) for row in inserted],
        [row.france_visas_index for row in inserted], request.service.identity_scope,
        [row.identity_index for row in inserted],
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, values)
        outcome, request_id, booking_id, booking.local_day, booking.local_time = cursor.fetchone()
    if outcome != "held":
        if draft and request_id:
            draft.request_id = request_id
        raise RefusedError(Reason(outcome))
    written(request, request_id)
    written(booking, booking_id)
    booking.request = request  # again, now that it has a key


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

    `slot_id` stands for its day and time: any free counter at that time serves. Side by side means: each begins at most
    `adjacent_minutes` after the one before it, at whatever counter; the same rule as in the draw. Held for
    `service.hold_minutes`; a service without a fee is confirmed at once. The act itself is `appointments_hold` in the
    database, one statement; constraints and triggers judge it as they judge every other way of writing these rows.

    Raises:
        RefusedError: POST_CLOSED, SLOT_GONE, NO_ADJACENT_SLOTS, ALREADY_ENTERED, and what check_group and the
            database refuse.
    """
    if not (service.is_open and service.post.is_open):
        raise RefusedError(Reason.POST_CLOSED)
    people = check_group(service, people)
    request = Request(
        service=service,
        contact=contact,
        contact_index=contact_index(contact),
        language=language,
        state=Request.State.SERVED,
        size=len(people),
        entered_at=now,
    )
    amount = service.prepaid_cents * len(people)
    booking = Booking(
        request=request,
        origin=Booking.Origin.FIRST_COME,
        state=Booking.State.HELD if amount else Booking.State.CONFIRMED,
        amount_cents=amount,
        currency=service.currency,
        created_at=now,
        hold_until=now + timedelta(minutes=service.hold_minutes),
    )
    # With a fee it is one statement, which is a transaction by itself.
    with entering(service, people, contact, now, alone=bool(amount)):
        _call(booking, people_rows(request, service, people), slot_id, draft)
        if not amount:
            enqueue("booking_confirmed", request.reference)
    return booking


def remind_of_holds(now: datetime) -> int:
    """Write to people whose time is held and not paid a while after they chose it; returns how many letters."""
    unpaid = Booking.objects.filter(
        state=Booking.State.HELD,
        origin=Booking.Origin.FIRST_COME,
        hold_until__gt=now,
        created_at__lte=now - REMIND_AFTER,
    ).values_list("request__reference", flat=True)
    return len(enqueue_many([("hold_placed", reference, None, f"hold_placed:{reference}") for reference in unpaid]))


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
