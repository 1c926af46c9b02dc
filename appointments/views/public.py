"""Pages that anybody may look at: where, what for, how places are given, what is open."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import quote_etag
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from appointments.models import ReleasePolicy, Service
from appointments.queries.availability import availability
from appointments.queries.figures import service_figures
from appointments.queries.policies import is_drawn, policy_in_force
from appointments.queries.posts import CountryEntry, ServiceEntry, post_page, start_tree
from appointments.queries.services import known_policy, service_at
from appointments.views.remembered import Page, pages
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
    # Each kind once, in the order in which its first service comes: what can be asked for comes first.
    groups: dict[str, list[ServiceEntry]] = {}
    for entry in page.services:
        groups.setdefault(entry.kind_label, []).append(entry)
    return render(request, "appointments/post.html", {"post": page, "groups": groups})


def find_service(post_key: str, slug: str) -> Service:
    """A service by its address. Raises Http404."""
    rows = Service.objects.select_related("post__provider", "category")
    return get_object_or_404(rows, post__key=post_key, slug=slug)


def _context(service: Service, policy: ReleasePolicy | None, **more: Any) -> dict[str, Any]:
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
    row = service_at(post_key, slug)
    if row is None:
        raise Http404
    note = gettext(row.category.consular_fee_note) if row.category.consular_fee_note else ""
    context = _context(row, known_policy(row.pk), figures=service_figures(row, timezone.now()), fee_note=note)
    return render(request, "appointments/service.html", context)


def _slots_page(post_key: str, slug: str, address: str) -> Page:
    row = find_service(post_key, slug)
    found = availability(row, now=timezone.now())
    total = sum(day.free for day in found.days)
    context = _context(row, policy_in_force(row), days=found.days, total=total, own_address=address)
    body = render_to_string("appointments/slots.html", context).encode()
    # Of the bytes themselves: words and policy may change while the times stay.
    return Page(body, "text/html; charset=utf-8", quote_etag(sha256(body).hexdigest()[:20]))


@require_safe
@cache_control(no_cache=True)
@vary_on_headers("Cookie", "Accept-Language")
def slots(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """Open times to look at. It carries no form, so that a browser that comes back is answered with 304."""
    key = ("html", post_key, slug, get_language())
    return pages.answer(request, key, lambda: _slots_page(post_key, slug, request.path))


def _slots_data(post_key: str, slug: str) -> Page:
    row = find_service(post_key, slug)
    found = availability(row, now=timezone.now())
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
    raw = json.dumps(body).encode()
    return Page(raw, "application/json", quote_etag(sha256(raw).hexdigest()[:20]))


@require_safe
@cache_control(no_cache=True)
def slots_json(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """The same for machines, in the post's local time: polling wins nothing, so it need not be made hard."""
    return pages.answer(request, ("json", post_key, slug), lambda: _slots_data(post_key, slug))


@require_safe
def information(request: HttpRequest, name: str) -> HttpResponse:
    """Pages of words: help, accessibility, what is done against traffic."""
    return render(request, f"appointments/information/{name}.html")
