"""At the counter: who came, and does the passport match the booking."""

from datetime import datetime, timedelta

from django.db import transaction

from appointments.models import Booking, Place, Request
from appointments.queries.appointment import starts_at
from appointments.refusals import Reason, RefusedError

# People come early; a no-show can be said when the appointment is over.
OPENS_BEFORE = timedelta(hours=4)
# A wrong key is noticed at once; what was written down longer ago is taken back by somebody who answers for it.
UNDO_WITHIN = timedelta(minutes=15)
_CAME = {Place.Outcome.MATCH, Place.Outcome.LATE}


def check_in(*, place: Place, outcome: str, by: str, now: datetime, undo_late: bool = False) -> Booking:
    """Record what happened with one person; the booking follows from all of its places.

    Attended as soon as one person came with a matching passport, no-show when nobody did; taken back by EXPECTED.
    A mismatch is kept as evidence and serves nobody. A mark is changed within minutes, or with `undo_late` at any time;
    both marks stay in the history.

    Raises:
        RefusedError: NOT_HELD where the booking is not confirmed, TOO_LATE where its day has not come or is over,
            UNDO_TOO_LATE.
    """
    with transaction.atomic():
        booking = (
            Booking.objects.select_for_update(of=("self",))
            .select_related("request__service__post")
            .get(pk=place.booking_id)
        )
        if booking.state not in {Booking.State.CONFIRMED, Booking.State.ATTENDED, Booking.State.NO_SHOW}:
            raise RefusedError(Reason.NOT_HELD)
        begins = starts_at(booking)
        if not begins - OPENS_BEFORE <= now <= begins + timedelta(days=7):
            raise RefusedError(Reason.TOO_LATE)
        known = Place.objects.get(pk=place.pk)
        marked = known.outcome_at if known.outcome != Place.Outcome.EXPECTED else None
        if marked is not None and now - marked > UNDO_WITHIN and not undo_late:
            raise RefusedError(Reason.UNDO_TOO_LATE)
        Place.objects.filter(pk=place.pk).update(outcome=outcome, outcome_at=now, outcome_by=by)
        outcomes = set(Place.objects.filter(booking=booking).values_list("outcome", flat=True))
        _settle(booking, outcomes, by, now)
    return booking


def _settle(booking: Booking, outcomes: set[str], by: str, now: datetime) -> None:
    if outcomes & _CAME:
        state = Booking.State.ATTENDED
    elif Place.Outcome.EXPECTED in outcomes:
        state = Booking.State.CONFIRMED
    else:
        state = Booking.State.NO_SHOW
    if state == booking.state:
        return
    booking.state = state
    over = state != Booking.State.CONFIRMED
    booking.finished_at = now if over else None
    booking.finished_by = by if over else ""
    booking.save(update_fields=["state", "finished_at", "finished_by"])


def close_day(now: datetime, limit: int = 500) -> int:
    """End the requests behind bookings that are over, so that their passports are free again; returns how many.

    Bookings nobody recorded anything for count as no-show two days after their date: the counter has had time to
    write down paper lists.
    """
    day = (now - timedelta(days=2)).date()
    with transaction.atomic():
        silent = list(
            Booking.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state=Booking.State.CONFIRMED, local_day__lt=day)
            .values_list("pk", flat=True)[:limit]
        )
        Booking.objects.filter(pk__in=silent).update(
            state=Booking.State.NO_SHOW, finished_at=now, finished_by="nothing recorded"
        )
        for state, why in (
            (Booking.State.ATTENDED, Request.Ended.ATTENDED),
            (Booking.State.NO_SHOW, Request.Ended.NO_SHOW),
        ):
            Request.objects.filter(state=Request.State.SERVED, booking__state=state, booking__local_day__lt=day).update(
                state=Request.State.ENDED, ended_reason=why, ended_at=now
            )
    return len(silent)
