"""Prepayment: ask for it, and act on what antibot says of it."""

import logging
from datetime import datetime

from django.db import transaction
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


def start_payment(*, booking: Booking, language: str, return_url: str, now: datetime) -> str:
    """The address of the hosted payment page for a held booking; asking twice gives the same payment.

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
    payment = doors.ask_payment(
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
    return str(payment.pay_url)


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
    booking = (
        Booking.objects.select_for_update(of=("self",))
        .select_related("request")
        .filter(reference=subject.removeprefix(_SUBJECT))
        .first()
    )
    if booking is not None and booking.state == Booking.State.HELD:
        booking.state = Booking.State.CONFIRMED
        booking.paid_at = now
        booking.save(update_fields=["state", "paid_at"])
        reference = booking.request.reference
        enqueue("booking_confirmed", reference, dedupe=f"booking_confirmed:{reference}")
    elif booking is None or booking.state in {Booking.State.CANCELLED, Booking.State.EXPIRED}:
        log.info("payment_too_late", extra={"state": booking.state if booking else "unknown"})
        doors.refund(subject, "too_late", now)


def _refunded(subject: str, now: datetime) -> None:
    """Money that went back takes the booking with it: also where somebody refunded in the bank's own pages."""
    booking = Booking.objects.filter(
        reference=subject.removeprefix(_SUBJECT), state=Booking.State.CONFIRMED, amount_cents__gt=0
    ).first()
    if booking is not None:
        cancel(booking=booking, by="refund", now=now, reason=Request.Ended.POST_CLOSED)
