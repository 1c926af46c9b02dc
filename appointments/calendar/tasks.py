"""What the calendar does by itself, at night in Europe and Africa."""

import logging

from celery import shared_task
from celery.schedules import crontab
from django.db import OperationalError
from django.utils import timezone

from appointments.calendar.horizon import keep_horizon, posts_in_service
from appointments.calendar.instants import recompute_instants
from appointments.calendar.public_holidays import refresh_holidays
from appointments.calendar.regenerating import regenerate_step
from appointments.models import Post

# The worker knows the tasks that it finds here.
__all__ = [
    "BEAT",
    "derive_instants",
    "derive_instants_of_post",
    "extend_horizon",
    "extend_horizon_of_post",
    "refresh_public_holidays",
    "regenerate_step",
]

logger = logging.getLogger(__name__)

# The name of each entry leads to its task and when it runs: seconds, or a crontab.
BEAT = {
    "calendar-holidays": ("appointments.calendar.tasks.refresh_public_holidays", crontab(hour="1", minute="10")),
    "calendar-instants": ("appointments.calendar.tasks.derive_instants", crontab(hour="1", minute="20")),
    "calendar-horizon": ("appointments.calendar.tasks.extend_horizon", crontab(hour="1", minute="30")),
}


@shared_task(name="appointments.calendar.tasks.refresh_public_holidays")
def refresh_public_holidays() -> None:
    """Public holidays of this year and the next two: moon-dependent dates are corrected as they are announced."""
    today = timezone.now().date()
    changes = refresh_holidays(range(today.year, today.year + 3), today)
    logger.info("holidays_refreshed", extra={"added": changes.added, "moved": changes.removed})


@shared_task(name="appointments.calendar.tasks.derive_instants")
def derive_instants() -> int:
    """After an update of the zone rules the instants of future slots are derived anew: a short task a post."""
    posts = list(Post.objects.values_list("pk", flat=True))
    for post_id in posts:
        derive_instants_of_post.delay(post_id)
    return len(posts)


@shared_task(name="appointments.calendar.tasks.derive_instants_of_post")
def derive_instants_of_post(post_id: int) -> None:
    """Derive them for one post; what a time limit cuts off is done the night after."""
    changes = recompute_instants(timezone.now(), Post.objects.filter(pk=post_id))
    if changes.moved or changes.failed:
        level = logging.ERROR if changes.failed else logging.WARNING
        logger.log(level, "instants_derived", extra={"post": post_id, "moved": changes.moved, "failed": changes.failed})


@shared_task(name="appointments.calendar.tasks.extend_horizon")
def extend_horizon() -> int:
    """One short task a post, so that a large post delays no other; returns how many."""
    posts = posts_in_service()
    for post_id in posts:
        extend_horizon_of_post.delay(post_id)
    return len(posts)


@shared_task(
    name="appointments.calendar.tasks.extend_horizon_of_post",
    # Bookings and releases of the same days may make the database break a tie; doing it again is harmless.
    autoretry_for=(OperationalError,),
    max_retries=3,
    retry_backoff=10,
)
def extend_horizon_of_post(post_id: int) -> None:
    """Make the slots of one post up to its horizon."""
    post = Post.objects.get(pk=post_id)
    changes = keep_horizon(post, timezone.now())
    logger.info("slots_made", extra={"post": post.key, "made": changes.created, "taken_back": changes.removed})
