"""Fetching for a person: the one door, which also authorises."""

from appointments.actions.people import contact_index
from appointments.domain.references import read_reference
from appointments.models import Booking, Request
from appointments.queries.services import known_service
from appointments.refusals import Reason, RefusedError
from vault.rows import first

_WITH = ("service__post", "service__category", "booking__draw")
_OF = "WHERE reference = %s AND contact_index = %s"


def find_for_contact(contact: str) -> list[Request]:
    """Everything under a verified e-mail address, newest first."""
    rows = Request.objects.filter(contact_index=contact_index(contact)).select_related(*_WITH)
    return list(rows.order_by("-entered_at")[:50])


def with_booking(row: Request) -> Request:
    """The request with its service and its booking, for reading: two plain statements, not seven joined tables."""
    row.service = known_service(row.service_id)
    booking = first(Booking, "WHERE request_id = %s", [row.pk])
    row._state.fields_cache["booking"] = booking
    if booking is not None:
        booking.request = row
    return row


def request_for_contact(contact: str | None, reference: str) -> Request:
    """The request of a verified e-mail address. The answer is the same for an unknown and for a foreign reference.

    Raises:
        RefusedError: NOT_FOUND.
    """
    clean = read_reference(reference)
    if contact and clean:
        row = first(Request, _OF, [clean, contact_index(contact)])
        if row is not None:
            return with_booking(row)
    raise RefusedError(Reason.NOT_FOUND)
