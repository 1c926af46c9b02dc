"""Whether somebody has to know that their request is under suspicion."""

from appointments.models import Request, Suspicion


def open_suspicion(row: Request) -> Suspicion | None:
    """The oldest suspicion of a request about which nobody has decided yet."""
    return Suspicion.objects.filter(request=row, outcome="").order_by("noticed_at").first()
