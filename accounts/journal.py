"""Reading a person's data leaves a trace: the one door to the access records."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from accounts.models import AccessRecord

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

KEPT = timedelta(days=366)


def record(
    user: "User | AnonymousUser", action: str, subject: str, *, now: datetime, post_key: str = "", rows: int = 1
) -> None:
    """Write down that `user` did `action` (of `AccessRecord.Action`) with `rows` rows of `subject`.

    `subject` is a reference or the name of a list ("day 2026-11-23"); names of people do not belong here.
    """
    AccessRecord.objects.create(
        at=now,
        user_name=user.get_username(),
        role=getattr(user, "role", ""),
        action=action,
        post_key=post_key,
        subject=subject[:120],
        rows=rows,
    )


def forget_old(now: datetime) -> int:
    """Erase records that are older than a year; returns how many."""
    return AccessRecord.objects.filter(at__lt=now - KEPT).delete()[0]
