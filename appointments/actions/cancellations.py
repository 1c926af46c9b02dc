"""Cancelling: the slot goes back into the pool, never to somebody chosen."""

from datetime import datetime, timedelta

from django.db import transaction

from antibot import doors
from appointments.actions.cooling import cool_off
from appointments.models import Booking, Request
from appointments.queries.appointment import starts_at
from appointments.refusals import Reason, RefusedError
from appointments.terms.versions import refund_hours
from mailroom.post import enqueue


def refund_due(booking: Booking, now: datetime) -> bool:
    """Whether a cancellation now pays the service fee back, by what the service promised."""
    if booking.state != Booking.State.CONFIRMED or not booking.amount_cents:
        return False
    hours = refund_hours(booking.request.service, booking.created_at)
    return hours is not None and now <= starts_at(booking) - timedelta(hours=hours)


def cancel(*, booking: Booking, by: str, now: datetime, reason: str = Request.Ended.CANCELLED) -> Booking:
    """Cancel a held or confirmed booking. The slots become withheld, the identities pause, a fee due is refunded.

    `by` is "applicant" or the name of a member of staff; `reason` POST_CLOSED refunds always and pauses nobody.
    SUSPECTED needs an upheld suspicion (the database asks for it); its letter is the caller's.

    Raises:
        RefusedError: NOT_CANCELLABLE, TOO_LATE (the appointment has begun).
    """
    with transaction.atomic():
        locked = (
            Booking.objects.select_for_update(of=("self",)).select_related("request__service__post").get(pk=booking.pk)
        )
        if locked.state not in {Booking.State.HELD, Booking.State.CONFIRMED}:
            raise RefusedError(Reason.NOT_CANCELLABLE)
        if now >= starts_at(locked) and reason != Request.Ended.POST_CLOSED:
            raise RefusedError(Reason.TOO_LATE)
        by_post = reason == Request.Ended.POST_CLOSED
        refund = refund_due(locked, now) or (by_post and locked.paid_at is not None)
        locked.state = Booking.State.CANCELLED
        locked.finished_at = now
        locked.finished_by = by
        locked.save(update_fields=["state", "finished_at", "finished_by"])
        Request.objects.filter(pk=locked.request_id).update(
            state=Request.State.ENDED, ended_reason=reason, ended_at=now
        )
        cool_off([locked.request_id], reason, now)
        if refund:
            doors.refund(locked.subject, reason, now)
        if reason != Request.Ended.SUSPECTED:
            enqueue("booking_cancelled", locked.request.reference, payload={"refund": refund})
    booking.refresh_from_db()
    return booking
