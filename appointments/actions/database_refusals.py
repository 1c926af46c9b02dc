"""What the database refused, told as a refusal: constraint or trigger name → reason."""

from django.db import IntegrityError

from appointments.refusals import Reason, RefusedError

_BY_NAME = {
    "one_living_request_a_passport": Reason.IDENTITY_LIVING,
    "one_living_request_a_france_visas_number": Reason.FRANCE_VISAS_LIVING,
    "person_cooling_off": Reason.COOLING_OFF,
    "slot_not_open": Reason.SLOT_GONE,
    "one_booking_a_slot": Reason.SLOT_GONE,
}


def refusal_of(error: IntegrityError) -> RefusedError | None:
    """The refusal behind a database error; None where it is no refusal but a fault."""
    diagnostics = getattr(error.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None) or ""
    message = getattr(diagnostics, "message_primary", None) or ""
    reason = _BY_NAME.get(name) or _BY_NAME.get(message)
    return RefusedError(reason) if reason else None
