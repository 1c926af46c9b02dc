"""Showing the second factor again before what cannot be taken back: exports, policies, accounts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

FRESH: Final = timedelta(minutes=10)
_KEY: Final = "second_factor_at"


def second_factor_shown(request: HttpRequest, now: datetime) -> None:
    """Remember in the session that the second factor was shown just now."""
    request.session[_KEY] = int(now.timestamp())


def is_fresh(request: HttpRequest, now: datetime) -> bool:
    """Whether the second factor was shown within the last ten minutes."""
    shown = request.session.get(_KEY)
    return isinstance(shown, int) and timedelta(0) <= now - datetime.fromtimestamp(shown, UTC) <= FRESH


def ask_again(request: HttpRequest) -> HttpResponseRedirect:
    """To the second factor and back: to this page for a GET, to the form for a POST (which has to be sent again)."""
    return HttpResponseRedirect(
        f"{reverse('admin:two_factor')}?{urlencode({'next': request.get_full_path(), 'again': 1})}"
    )


def needs_step_up(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate a staff view: it runs only within ten minutes of a second factor."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_fresh(request, timezone.now()):
            return ask_again(request)
        return view(request, *args, **kwargs)

    return guarded
