"""Pages that anybody may look at: where, what for, how places are given, what is open."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from appointments.models import Service
from appointments.queries.availability import availability, not_modified
from appointments.queries.figures import service_figures
from appointments.queries.policies import is_drawn, policy_in_force
from appointments.queries.posts import CountryEntry, post_page, start_tree
from vault.text import canonical, name_key

LONGEST_SEARCH = 60


def _matching(countries: tuple[CountryEntry, ...], wanted: str) -> list[CountryEntry]:
    """Countries whose name matches, whole; of the others, the posts whose name matches."""
    found = []
    for country in countries:
        if wanted in name_key(country.name):
            found.append(country)
            continue
        posts = tuple(post for post in country.posts if wanted in name_key(post.name) or wanted == post.key)
        if posts:
            found.append(replace(country, posts=posts))
    return found


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Which post. The search works without JavaScript, in the three languages, accents or not."""
    typed = canonical(request.GET.get("q", "")[:LONGEST_SEARCH])
    tree = start_tree()
    wanted = name_key(typed)
    countries = _matching(tree.countries, wanted) if wanted else list(tree.countries)
    found = sum(len(country.posts) for country in countries)
    return render(request, "appointments/start.html", {"countries": countries, "typed": typed, "found": found})


@require_safe
def post(request: HttpRequest, post_key: str) -> HttpResponse:
    """What for, at one post."""
    page = post_page(post_key)
    if page is None:
        raise Http404
    # Open ones come first; within each half the kinds stay together.
    groups = [
        {"name": name, "services": list(services)}
        for name, services in groupby(page.services, key=lambda service: service.kind_label)
    ]
    return render(request, "appointments/post.html", {"post": page, "groups": groups})


def find_service(post_key: str, slug: str) -> Service:
    """A service by its address. Raises Http404."""
    rows = Service.objects.select_related("post__provider", "category")
    return get_object_or_404(rows, post__key=post_key, slug=slug)


def _context(service: Service, **more: Any) -> dict[str, Any]:
    policy = policy_in_force(service)
    return {
        "service": service,
        "post": service.post,
        "policy": policy,
        "drawn": is_drawn(policy),
        "is_open": service.is_open and service.post.is_open and policy is not None,
        **more,
    }


@require_safe
def service(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """What it costs, what to bring, how places are given, with live figures."""
    row = find_service(post_key, slug)
    note = gettext(row.category.consular_fee_note) if row.category.consular_fee_note else ""
    context = _context(row, figures=service_figures(row, timezone.now()), fee_note=note)
    return render(request, "appointments/service.html", context)


@require_safe
@cache_control(no_cache=True)
@vary_on_headers("Cookie", "Accept-Language")
def slots(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """Open times to look at. It carries no form, so that a browser that comes back is answered with 304."""
    row = find_service(post_key, slug)
    found = availability(row, now=timezone.now())
    etag, unchanged = not_modified(request, found.version)
    if unchanged is not None:
        return unchanged
    total = sum(day.free for day in found.days)
    response = render(request, "appointments/slots.html", _context(row, days=found.days, total=total))
    response["ETag"] = etag
    return response


@require_safe
@cache_control(no_cache=True)
def slots_json(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """The same for machines, in the post's local time: polling wins nothing, so it need not be made hard."""
    row = find_service(post_key, slug)
    found = availability(row, now=timezone.now())
    etag, unchanged = not_modified(request, found.version)
    if unchanged is not None:
        return unchanged
    body = {
        "post": row.post.key,
        "service": row.slug,
        "timezone": row.post.timezone,
        "drawn": is_drawn(policy_in_force(row)),
        "days": [
            {
                "day": day.day.isoformat(),
                "times": [{"time": f"{entry.local_time:%H:%M}", "free": entry.free} for entry in day.times],
            }
            for day in found.days
        ],
    }
    return JsonResponse(body, headers={"ETag": etag})


@require_safe
def information(request: HttpRequest, name: str) -> HttpResponse:
    """Pages of words: help, accessibility, what is done against traffic."""
    return render(request, f"appointments/information/{name}.html")
