"""Prepayment: ask for it, and act on what antibot says of it."""

import logging
from datetime import datetime

from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from antibot import doors
from appointments.actions.cancellations import cancel
from appointments.actions.suspicions import take_suspicion
from appointments.models import Booking, Request
from appointments.refusals import Reason, RefusedError
from mailroom.post import enqueue

log = logging.getLogger(__name__)
_SUBJECT = "booking:"
# It waits for whoever holds the row, and looks again at what they left: money and an expiry never both win.
_CONFIRM = """
    UPDATE appointments_booking SET state = 'confirmed', paid_at = %s FROM appointments_request r
     WHERE appointments_booking.reference = %s AND appointments_booking.state = 'held'
       AND r.id = appointments_booking.request_id
    RETURNING r.reference
"""


def start_payment(*, booking: Booking, language: str, return_url: str, now: datetime) -> doors.Payment:
    """The payment of a held booking, to be paid at its `pay_url`; asking twice gives the same one.

    Raises:
        RefusedError: NOT_HELD, HOLD_OVER, NOTHING_TO_PAY.
    """
    if booking.state != Booking.State.HELD:
        raise RefusedError(Reason.NOTHING_TO_PAY if booking.state == Booking.State.CONFIRMED else Reason.NOT_HELD)
    if now >= booking.hold_until:
        raise RefusedError(Reason.HOLD_OVER)
    service = booking.request.service
    with translation.override(language):
        description = _("Service fee, %(service)s") % {"service": service}
    return doors.ask_payment(
        subject=booking.subject,
        scope_key=service.scope_key,
        amount_cents=booking.amount_cents,
        currency=booking.currency,
        description=description,
        language=language,
        return_url=return_url,
        deadline=booking.hold_until,
        now=now,
    )


def take_payment_events(now: datetime, limit: int = 100) -> int:
    """Act on payments and on suspicions that people decided. Returns how many events were taken.

    Events and their effect share one transaction: after a crash both have happened, or neither.
    """
    with transaction.atomic():
        events = doors.take_events(limit, now)
        for event in events:
            if event.kind == "suspected":
                take_suspicion(event, now)
            elif not event.subject.startswith(_SUBJECT):
                continue
            elif event.kind == "paid":
                _paid(event.subject, now)
            elif event.kind == "refunded" and not event.data.get("surplus"):
                _refunded(event.subject, now)
    return len(events)


def _paid(subject: str, now: datetime) -> None:
    of_booking = subject.removeprefix(_SUBJECT)
    with connection.cursor() as cursor:
        cursor.execute(_CONFIRM, [now, of_booking])
        confirmed = cursor.fetchone()
    if confirmed is not None:
        enqueue("booking_confirmed", confirmed[0], dedupe=f"booking_confirmed:{confirmed[0]}")
        return
    # Whoever is not held any more never is again, so what is read here is final enough to send the money back.
    state = Booking.objects.filter(reference=of_booking).values_list("state", flat=True).first()
    if state is None or state in {Booking.State.CANCELLED, Booking.State.EXPIRED}:
        log.info("payment_too_late", extra={"state": state or "unknown"})
        doors.refund(subject, "too_late", now)


def _refunded(subject: str, now: datetime) -> None:
    """Money that went back takes the booking with it: also where somebody refunded in the bank's own pages."""
    booking = Booking.objects.filter(
        reference=subject.removeprefix(_SUBJECT), state=Booking.State.CONFIRMED, amount_cents__gt=0
    ).first()
    if booking is not None:
        cancel(booking=booking, by="refund", now=now, reason=Request.Ended.POST_CLOSED)
