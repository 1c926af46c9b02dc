"""What a decision of the radar's staff means for a request: a notice, the end of the worry, or the end of the request.

Every step happens in the transaction that takes its event, once, and never without the step before it.
"""

import logging
from datetime import datetime

from django.db.models import QuerySet

from antibot import doors
from appointments.actions.cancellations import cancel
from appointments.actions.cooling import cool_off
from appointments.models import Booking, Request, Suspicion
from appointments.refusals import RefusedError
from mailroom.post import enqueue

log = logging.getLogger(__name__)
_LIVING = (Booking.State.HELD, Booking.State.CONFIRMED)
_GOES_BACK = {doors.PaymentState.REFUND_DUE, doors.PaymentState.REFUNDED}


def take_suspicion(event: doors.Event, now: datetime) -> None:
    """Act on a `suspected` event: `data` holds `stage`, `case`, `objection_until`. Unknown stages change nothing."""
    steps = {"notice": _notice, "dismissed": _dismissed, "declined": _declined, "upheld": _upheld}
    step = steps.get(event.data["stage"])
    if step is None:
        log.warning("suspicion_stage_unknown", extra={"stage": event.data["stage"]})
        return
    row = _request_of(event.subject)
    if row is not None:
        step(row, event, now)


def _request_of(subject: str) -> Request | None:
    kind, _colon, reference = subject.partition(":")
    rows = Request.objects.select_related("service__post")
    if kind == "request":
        return rows.filter(reference=reference).first()
    return rows.filter(booking__reference=reference).first() if kind == "booking" else None


def _lives(row: Request) -> bool:
    return row.state == Request.State.STANDING or Booking.objects.filter(request=row, state__in=_LIVING).exists()


def _notice(row: Request, event: doors.Event, now: datetime) -> None:
    """Tell the person. Whoever has nothing to lose, or no address to be told at, is left alone for good."""
    if not row.contact or not _lives(row):
        log.info("suspicion_not_noticed", extra={"case": event.data["case"]})
        return
    made = Suspicion.objects.bulk_create(
        [
            Suspicion(
                request=row,
                case=event.data["case"],
                subject=event.subject,
                noticed_at=event.at,
                objection_until=datetime.fromisoformat(event.data["objection_until"]),
            )
        ],
        ignore_conflicts=True,
    )
    enqueue("suspicion_notice", row.reference, payload=_payload(event), dedupe=_once(event, row, "notice"))
    log.info("suspicion_noticed", extra={"case": event.data["case"], "rows": len(made)})


def _payload(event: doors.Event) -> dict[str, str]:
    return {"case": event.data["case"], "until": event.data["objection_until"], "subject": event.subject}


def _once(event: doors.Event, row: Request, stage: str) -> str:
    return f"suspicion_{stage}:{event.data['case']}:{row.reference}"


def _undecided(row: Request, event: doors.Event) -> QuerySet[Suspicion]:
    return Suspicion.objects.filter(request=row, case=event.data["case"], outcome="")


def _dismissed(row: Request, event: doors.Event, now: datetime) -> None:
    if _undecided(row, event).update(outcome=Suspicion.Outcome.DISMISSED, decided_at=event.at):
        payload = {"answer": event.data.get("answer", "")}
        enqueue("suspicion_dismissed", row.reference, payload=payload, dedupe=_once(event, row, "dismissed"))


def _declined(row: Request, event: doors.Event, now: datetime) -> None:
    """A person read the objection and did not follow it; the decision on the case is still to come."""
    if _undecided(row, event).exists():
        payload = _payload(event) | {"answer": event.data.get("answer", "")}
        objection = event.data.get("objection", "")
        enqueue(
            "suspicion_declined",
            row.reference,
            payload=payload,
            dedupe=f"suspicion_declined:{objection}:{row.reference}",
        )


def _upheld(row: Request, event: doors.Event, now: datetime) -> None:
    """End the request, or cancel its booking. Without a notice there is no row to uphold, and nothing happens."""
    if not _undecided(row, event).update(outcome=Suspicion.Outcome.UPHELD, decided_at=event.at):
        log.info("suspicion_without_effect", extra={"case": event.data["case"]})
        return
    effect, refund = _end(row, event.data["case"], now)
    payload = {"case": event.data["case"], "effect": effect, "refund": refund}
    enqueue("suspicion_upheld", row.reference, payload=payload, dedupe=_once(event, row, "upheld"))


def _end(row: Request, case: str, now: datetime) -> tuple[str, bool]:
    """What was ended (“request”, “booking”, or nothing that was left) and whether money goes back.

    The request is asked by compare-and-set, without holding it: a cancellation locks the booking first.
    """
    ended = {"state": Request.State.ENDED, "ended_reason": Request.Ended.SUSPECTED, "ended_at": now}
    if Request.objects.filter(pk=row.pk, state=Request.State.STANDING).update(**ended):
        cool_off([row.pk], Request.Ended.SUSPECTED, now)
        return "request", False
    booking = Booking.objects.select_related("request__service__post").filter(request=row).first()
    if booking is None:
        return "", False
    try:
        cancel(booking=booking, by=f"case {case}", now=now, reason=Request.Ended.SUSPECTED)
    except RefusedError:
        return "", False
    return "booking", doors.payment_state(booking.subject) in _GOES_BACK
