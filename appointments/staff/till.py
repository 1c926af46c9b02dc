"""Service fees at the desk: taken with a receipt, given back by hand, and summed up for whoever counts the till."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from antibot import doors
from appointments.models import Booking, Post, TillReceipt
from appointments.refusals import Reason, RefusedError


@dataclass(frozen=True)
class Handed:
    """What the person paid with: a method of `TillReceipt.Method`, the code of a voucher, and who took it."""

    method: str
    voucher: str
    by: str


@dataclass(frozen=True)
class Line:
    """One line of a day's count."""

    words: str
    number: int
    cents: int
    back: int
    currency: str


def take_fee(booking: Booking, handed: Handed, now: datetime) -> TillReceipt | None:
    """Book the fee of a walk-in with its receipt, in the caller's transaction; None where there is no fee.

    Raises:
        RefusedError: FEE_NOT_TAKEN where nothing was handed over, VOUCHER_REFUSED.
    """
    if not booking.amount_cents:
        return None
    if handed.method not in TillReceipt.Method.values:
        raise RefusedError(Reason.FEE_NOT_TAKEN)
    service = booking.request.service
    refused = doors.take_at_till(
        subject=booking.subject,
        scope_key=service.scope_key,
        amount_cents=booking.amount_cents,
        currency=booking.currency,
        description=f"walk-in {booking.request.reference}",
        method=handed.method,
        voucher=handed.voucher,
        now=now,
    )
    if refused is not None:
        raise RefusedError(Reason.VOUCHER_REFUSED)
    return TillReceipt.objects.create(booking=booking, method=handed.method, taken_at=now, taken_by=handed.by)


def to_give_back(post: Post, limit: int = 500) -> list[TillReceipt]:
    """Receipts of a post whose money has to go back over the desk, oldest first."""
    rows = receipts_of(post).filter(
        returned_at__isnull=True, booking__state=Booking.State.CANCELLED, method__in=("cash", "card")
    )
    found = list(rows.order_by("taken_at")[:limit])
    due = set(doors.due_at_till([receipt.booking.subject for receipt in found]))
    return [receipt for receipt in found if receipt.booking.subject in due]


def give_back(*, receipt: TillReceipt, by: str, now: datetime) -> bool:
    """Write down that the money of a receipt was given back; False where none is due (any more)."""
    with transaction.atomic():
        locked = TillReceipt.objects.select_for_update().select_related("booking").get(pk=receipt.pk)
        if locked.returned_at is not None or not doors.give_back_at_till(locked.booking.subject, now):
            return False
        locked.returned_at, locked.returned_by = now, by
        locked.save(update_fields=["returned_at", "returned_by"])
    return True


def receipts_of(post: Post) -> QuerySet[TillReceipt]:
    """All receipts of a post, with what their pages show."""
    return TillReceipt.objects.filter(booking__request__service__post=post).select_related(
        "booking__request__service__category"
    )


def count_of(post: Post, day: date) -> list[Line]:
    """The till of a post on the local day of the appointments (walk-ins are for the same day), by method and person."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for receipt in receipts_of(post).filter(booking__local_day=day).order_by("method", "taken_by"):
        booking = receipt.booking
        cell = sums.setdefault((receipt.method, receipt.taken_by, booking.currency), [0, 0, 0])
        cell[0] += 1
        cell[1] += booking.amount_cents
        cell[2] += booking.amount_cents if receipt.returned_at else 0
    return [
        Line(f"{TillReceipt.Method(method).label}, {by}", number, cents, back, currency)
        for (method, by, currency), (number, cents, back) in sums.items()
    ]
