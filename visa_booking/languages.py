"""Choosing a language by a link, without JavaScript and without an account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_safe


def local_target(request: HttpRequest) -> str:
    """`next` where it is a path of this site, else the first page: nobody is sent elsewhere by our address."""
    target = request.GET.get("next", "/")
    local = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts=None, require_https=request.is_secure()
    )
    return target if local else "/"


@require_safe
def choose_language(request: HttpRequest, code: str) -> HttpResponse:
    """Remember `code` in the language cookie and go back to `next`; an unknown code changes nothing."""
    response = HttpResponseRedirect(local_target(request))
    if code in dict(settings.LANGUAGES) and check_for_language(code):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    return response
