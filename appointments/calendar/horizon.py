"""How far ahead slots exist, and keeping it so."""

from datetime import date, datetime, timedelta

from django.db.models import Max

from appointments.calendar.making import SlotChanges, make_slots_of_post
from appointments.domain.calendar.zones import local_of
from appointments.models import Post, ReleasePolicy, Service

__all__ = ["keep_horizon", "last_day_of", "posts_in_service"]

# Slots have to exist before their day comes within reach of a release; a few days cover a night that failed.
MARGIN_DAYS = 3
LEAD_WITHOUT_POLICY_DAYS = 30


def posts_in_service() -> list[int]:
    """Posts that are open and have an open service with opening hours."""
    services = Service.objects.filter(is_open=True, post__is_open=True, hours__isnull=False)
    return sorted(set(services.values_list("post_id", flat=True)))


def last_day_of(post: Post, today: date) -> date:
    """The last day for which slots are made: what the longest lead time of the post's policies reaches.

    Args:
        post: the post.
        today: the local day at the post.
    """
    in_force = ReleasePolicy.objects.filter(service__post=post, service__is_open=True)
    latest = in_force.order_by("service_id", "-version").distinct("service_id").values("pk")
    longest = ReleasePolicy.objects.filter(pk__in=latest).aggregate(longest=Max("lead_max_days"))["longest"]
    return today + timedelta(days=(LEAD_WITHOUT_POLICY_DAYS if longest is None else longest) + MARGIN_DAYS)


def keep_horizon(post: Post, now: datetime) -> SlotChanges:
    """Bring the slots of a post's open services in line with the calendar, up to the horizon.

    Args:
        post: the post; nothing happens to one that is closed.
        now: the current instant.
    """
    services = list(Service.objects.filter(post=post, is_open=True).values_list("pk", flat=True))
    if not post.is_open or not services:
        return SlotChanges()
    today, _ = local_of(now, post.timezone)
    return make_slots_of_post(post, today, last_day_of(post, today), now, services)
