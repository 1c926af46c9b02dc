"""Sessions of staff: how long they last, how many at once, and what is said of a sign-in from somewhere new."""

import ipaddress
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import SignIn
from mailroom.post import enqueue

if TYPE_CHECKING:
    from accounts.models import User

# A counter is left for a few minutes, not for half an hour; a working day with overtime ends after twelve hours.
IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
MOST_AT_ONCE: Final = 2
REMEMBERED: Final = timedelta(days=180)
_SEEN_EVERY: Final = timedelta(minutes=1)
SESSION_KEY: Final = "sign_in"
_BROWSERS: Final = ("Firefox", "Edg", "OPR", "SamsungBrowser", "Chrome", "Safari")
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")


def network_of(address: str) -> str:
    """The address without the part that changes from day to day: /24 of IPv4, /48 of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


def browser_of(agent: str) -> str:
    """“Firefox, Windows”: enough for a person to recognise their own computer, too little to follow one."""
    browser = next((name for name in _BROWSERS if name in agent), "?")
    system = next((name for name in _SYSTEMS if name in agent), "?")
    return re.sub("^Edg$", "Edge", browser) + ", " + system


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: "User", **_: Any) -> None:
    if request is not None and user.is_staff:
        open_session(request, user, timezone.now())


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        _end(SignIn.objects.filter(pk=row_of(request)), SignIn.Ended.SIGNED_OUT, timezone.now())


def row_of(request: HttpRequest) -> int:
    """The key of the sign-in behind this session; 0 where there is none."""
    found = request.session.get(SESSION_KEY)
    return found if isinstance(found, int) else 0


def _end(rows: Any, why: str, now: datetime) -> int:
    return int(rows.filter(ended_at__isnull=True).update(ended_at=now, ended_why=why))


def open_session(request: HttpRequest, user: "User", now: datetime) -> SignIn:
    """Write down a sign-in; the oldest sessions over the limit end."""
    with transaction.atomic():
        row = SignIn.objects.create(
            user=user,
            at=now,
            seen_at=now,
            network=network_of(request.META.get("REMOTE_ADDR", "")),
            browser=browser_of(request.META.get("HTTP_USER_AGENT", "")),
        )
        living = SignIn.objects.filter(user=user, ended_at__isnull=True).order_by("-at", "-pk")
        surplus = list(living.values_list("pk", flat=True)[MOST_AT_ONCE:])
        _end(SignIn.objects.filter(pk__in=surplus), SignIn.Ended.PUSHED_OUT, now)
    request.session[SESSION_KEY] = row.pk
    return row


def tell_if_new(request: HttpRequest, user: "User", now: datetime) -> bool:
    """After both factors: a letter where network or browser were never seen on this account. True if one is sent."""
    row = SignIn.objects.filter(pk=row_of(request), user=user).first()
    if row is None or not user.email:
        return False
    earlier = SignIn.objects.filter(user=user, at__gte=now - REMEMBERED).exclude(pk=row.pk)
    if not earlier.exists():
        return False
    known = set(earlier.values_list("network", "browser"))
    if row.network in {network for network, _ in known} and row.browser in {browser for _, browser in known}:
        return False
    enqueue("staff_sign_in", str(row.pk), dedupe=f"staff_sign_in:{row.pk}")
    return True


def is_alive(request: HttpRequest, now: datetime) -> bool:
    """Whether the session of this request still counts; one that does not is ended, and the browser signed out."""
    cached = getattr(request, "_presence", None)
    if cached is None:
        cached = _check(request, now)
        request._presence = cached  # type: ignore[attr-defined]
    return bool(cached)


def _check(request: HttpRequest, now: datetime) -> bool:
    row = SignIn.objects.filter(pk=row_of(request), user_id=request.user.pk or 0).first()
    if row is not None and row.ended_at is None:
        why = ""
        if now - row.seen_at > IDLE:
            why = SignIn.Ended.IDLE
        elif now - row.at > LONGEST:
            why = SignIn.Ended.TOO_LONG
        if not why:
            if now - row.seen_at > _SEEN_EVERY:
                SignIn.objects.filter(pk=row.pk).update(seen_at=now)
            return True
        _end(SignIn.objects.filter(pk=row.pk), why, now)
    logout(request)
    return False


def end_all(user: "User", now: datetime) -> int:
    """End every session of a person, for instance when the second factor is reset; returns how many."""
    return _end(SignIn.objects.filter(user=user), SignIn.Ended.REVOKED, now)


def end_others(request: HttpRequest, user: "User", now: datetime) -> int:
    """End every session of a person but the one that asks; returns how many."""
    return _end(SignIn.objects.filter(user=user).exclude(pk=row_of(request)), SignIn.Ended.REVOKED, now)


def forget_old(now: datetime) -> int:
    """Erase sign-ins that are too old to recognise anything by; returns how many."""
    return SignIn.objects.filter(at__lt=now - REMEMBERED).delete()[0]
