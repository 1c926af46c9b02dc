"""Which contact a session has proved."""

from datetime import datetime

from django.http import HttpRequest

from antibot.limits.origins import forget_known, known


def verified_in(request: HttpRequest, purpose: str, now: datetime) -> str | None:
    """The contact that the session of a request proved last for `purpose`, while that still counts.

    Asked once a request: pages and limits want to know several times.
    """
    return known(request).proved(str(purpose), now)


def forget_verified(request: HttpRequest) -> None:
    """Ask the database again: a code was just tried."""
    forget_known(request)
