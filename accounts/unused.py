"""Staff accounts that nobody uses: told a month before a year is over, then closed and emptied.

The row stays, because decisions point at it; the person goes from it, and from its history.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final

import pgtrigger
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import PostScope, Role, SignIn, User
from mailroom.models import Letter
from mailroom.post import enqueue

UNUSED: Final = timedelta(days=365)
NOTICE: Final = timedelta(days=30)
# A letter that was delayed, or an installation that was away, still leaves this long to sign in.
AT_LEAST: Final = timedelta(days=14)
KIND: Final = "staff_unused"
# No form takes a colon in a sign-in name, so nobody is called like an account that will be closed.
CLOSED: Final = "closed:"
_CLOSED_BEFORE: Final = "closed-"  # by earlier code

# Called in the transaction that closes an account, with the names it had and the one it has from then on.
Renaming = Callable[[Collection[str], str], None]
_renamings: list[Renaming] = []


def keeps_names(renaming: Renaming) -> None:
    """Say that a table of another app keeps sign-in names without a clock of its own, and how to replace them there."""
    _renamings.append(renaming)


def _unused_since(moment: datetime) -> QuerySet[Any]:
    rows = User.objects.annotate(used=Coalesce("last_login", "date_joined")).filter(used__lte=moment)
    number = Cast("pk", CharField())
    closed = [Q(username=Concat(Value(prefix), number)) for prefix in (CLOSED, _CLOSED_BEFORE)]
    return rows.exclude(closed[0]).exclude(closed[1], is_active=False).order_by("pk")


def sweep_unused(now: datetime, limit: int) -> int:
    """Write the notices that are due, then close the accounts whose notice is old enough; returns how many."""
    for key, used in _unused_since(now - UNUSED + NOTICE).values_list("pk", "used")[:limit]:
        enqueue(KIND, str(key), dedupe=f"{KIND}:{key}:{used:%Y-%m-%d}")
    # A letter that was given up told nobody. It is forgotten after a month, and then written again.
    letters = Letter.objects.filter(kind=KIND, finished_at__lte=now - AT_LEAST).exclude(state=Letter.State.FAILED)
    told = [int(key) for key in letters.values_list("subject_key", flat=True)]
    due = _unused_since(now - UNUSED).filter(pk__in=told).values_list("pk", flat=True)[:limit]
    return sum(_close(key, now) for key in list(due))


def _is_last_administrator(user: User) -> bool:
    """Whether nobody would be left who can give somebody an account."""
    centre = User.objects.filter(role=Role.CENTRE, is_active=True)
    return user.role == Role.CENTRE and not centre.exclude(pk=user.pk).exists()


def _names_of(user: User) -> set[str]:
    """What somebody was ever called, without what somebody else is called now."""
    history = apps.get_model("accounts", "UserEvent")._default_manager.filter(pgh_obj_id=user.pk)
    names = {user.username, *history.values_list("username", flat=True)}
    return names - set(User.objects.exclude(pk=user.pk).filter(username__in=names).values_list("username", flat=True))


def _close(key: int, now: datetime) -> bool:
    """Close and empty an account; False where its owner has signed in since, or nobody else can open accounts."""
    name = f"{CLOSED}{key}"
    with transaction.atomic(), pgtrigger.ignore("accounts.UserEvent:append_only"):
        user = _unused_since(now - UNUSED).select_for_update().filter(pk=key).first()
        if user is None or _is_last_administrator(user):
            return False
        for renaming in _renamings:
            renaming(_names_of(user), name)
        User.objects.filter(pk=user.pk).update(
            username=name, first_name="", last_name="", email="", is_active=False, password=make_password(None)
        )
        history = apps.get_model("accounts", "UserEvent")
        history._default_manager.filter(pgh_obj_id=user.pk).update(username=name, email="")
        kind = ContentType.objects.get_for_model(User)
        LogEntry.objects.filter(content_type=kind, object_id=str(user.pk)).update(object_repr=name)
        for model in (PostScope, SignIn, TOTPDevice, StaticDevice):
            model._default_manager.filter(user=user).delete()
    return True
