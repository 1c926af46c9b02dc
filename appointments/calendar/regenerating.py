"""A regeneration that staff started: a week a step, in the worker, with its progress to look at."""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from celery import shared_task
from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone

from appointments.calendar.making import SlotChanges, make_slots_of_post
from appointments.domain.calendar.zones import local_of
from appointments.models import Post, Service

__all__ = ["Progress", "progress_of", "regenerate_step", "start_regeneration"]

KEPT_SECONDS = 24 * 3600
STEP_DAYS = 7


@dataclass(frozen=True, slots=True)
class Progress:
    """What has been done of a run.

    Attributes:
        first_day: first local day of the run.
        next_day: first local day that is not done yet.
        last_day: last local day of the run.
        author: who started it.
        changes: sum of what was done.
    """

    first_day: date
    next_day: date
    last_day: date
    author: str
    changes: SlotChanges = field(default_factory=SlotChanges)

    @property
    def is_done(self) -> bool:
        """Whether every day has been gone through."""
        return self.next_day > self.last_day

    @property
    def percent(self) -> int:
        """Share of the days that are done."""
        days = (self.last_day - self.first_day).days + 1
        return 100 * (self.next_day - self.first_day).days // days


def _key(post: Post, run: str) -> str:
    return f"regeneration:{post.key}:{run}"


def progress_of(post: Post, run: str) -> Progress | None:
    """The progress of a run; `None` after a day, or if there is no such run at this post."""
    kept: dict[str, Any] | None = cache.get(_key(post, run))
    if kept is None:
        return None
    return Progress(**(kept | {"changes": SlotChanges(**kept["changes"])}))


def start_regeneration(post: Post, last_day: date, author: str, now: datetime) -> str:
    """Hand a run to the worker, from today at the post to `last_day`; returns its name."""
    run = secrets.token_hex(8)
    today, _ = local_of(now, post.timezone)
    cache.set(_key(post, run), asdict(Progress(today, today, last_day, author)), KEPT_SECONDS)
    regenerate_step.delay(post.pk, run)
    return run


@shared_task(
    name="appointments.calendar.regenerating.regenerate_step",
    # Bookings and releases of the same days may make the database break a tie; doing it again is harmless.
    autoretry_for=(OperationalError,),
    max_retries=3,
    retry_backoff=10,
)
def regenerate_step(post_id: int, run: str) -> None:
    """One week, then the next one as a task of its own; a step that is done twice changes nothing more."""
    post = Post.objects.get(pk=post_id)
    progress = progress_of(post, run)
    if progress is None or progress.is_done:
        return
    services = list(Service.objects.filter(post=post, is_open=True).values_list("pk", flat=True))
    until = min(progress.next_day + timedelta(days=STEP_DAYS - 1), progress.last_day)
    step = make_slots_of_post(post, progress.next_day, until, timezone.now(), services)
    done = Progress(
        progress.first_day, until + timedelta(days=1), progress.last_day, progress.author, progress.changes + step
    )
    cache.set(_key(post, run), asdict(done), KEPT_SECONDS)
    if not done.is_done:
        regenerate_step.delay(post_id, run)
