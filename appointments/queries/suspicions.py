"""Whether somebody has to know that their request is under suspicion."""

from appointments.models import Request, Suspicion
from vault.rows import first


def open_suspicion(row: Request) -> Suspicion | None:
    """The oldest suspicion of a request about which nobody has decided yet."""
    return first(Suspicion, "WHERE request_id = %s AND outcome = '' ORDER BY noticed_at LIMIT 1", [row.pk])
