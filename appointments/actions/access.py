"""Fetching for a person: the one door, which also authorises."""

from appointments.actions.people import contact_index
from appointments.domain.references import read_reference
from appointments.models import Request
from appointments.refusals import Reason, RefusedError

_WITH = ("service__post", "service__category", "booking__draw")


def find_for_contact(contact: str) -> list[Request]:
    """Everything under a verified e-mail address, newest first."""
    rows = Request.objects.filter(contact_index=contact_index(contact)).select_related(*_WITH)
    return list(rows.order_by("-entered_at")[:50])


def request_for_contact(contact: str | None, reference: str) -> Request:
    """The request of a verified e-mail address. The answer is the same for an unknown and for a foreign reference.

    Raises:
        RefusedError: NOT_FOUND.
    """
    clean = read_reference(reference)
    if contact and clean:
        row = (
            Request.objects.filter(reference=clean, contact_index=contact_index(contact)).select_related(*_WITH).first()
        )
        if row is not None:
            return row
    raise RefusedError(Reason.NOT_FOUND)
