"""How staff pages are put together: the frame of the admin, the posts of the person, today at the post."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_date

from accounts.access import scope_of
from accounts.site import staff_site
from appointments.models import Post


def show(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a staff page inside the admin's frame; it is never kept by a browser or proxy."""
    answer = render(request, template, staff_site.each_context(request) | context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def posts_for(request: HttpRequest) -> list[Post]:
    """The posts within the scope of the person, by name."""
    scope = scope_of(request.user)
    posts = Post.objects.order_by("country", "name_fr")
    return list(posts if scope.everything else posts.filter(key__in=scope.post_keys))


def post_of(post_key: str) -> Post:
    """The post of an address. Whether the person may see it was asked by the site before the view ran."""
    return get_object_or_404(Post, key=post_key)


def today_at(post: Post, now: datetime) -> date:
    """The local day at the post."""
    return now.astimezone(ZoneInfo(post.timezone)).date()


def day_from(text: str | None, otherwise: date) -> date:
    """A day as an address names it (ISO); anything else gives `otherwise`."""
    try:
        return parse_date(text or "") or otherwise
    except ValueError:
        return otherwise
