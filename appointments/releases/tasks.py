"""Ticks by the clock. How often this runs does not matter: each tick is decided once."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta

from celery import shared_task

from appointments.models import Service
from appointments.releases.clock import database_now
from appointments.releases.ticks import behind, release_tick

log = logging.getLogger(__name__)

# name: (task, seconds between runs); below the shortest tick of a policy in use, so that none is missed.
BEAT = {"appointments-release": ("appointments.releases.tasks.release", 10)}
_STEP_WORTH_A_WARNING = timedelta(minutes=5)


@shared_task(name="appointments.releases.tasks.release")
def release() -> int:
    """Decide the current tick of every open service; returns how many slots opened."""
    chance = secrets.SystemRandom()
    opened = 0
    for service in Service.objects.filter(is_open=True, post__is_open=True).select_related("post"):
        now = database_now()
        opened += sum(one.slots_count for one in release_tick(service, now, chance))
        if behind(service, now) > _STEP_WORTH_A_WARNING:
            log.warning("release_clock_set_back", extra={"service": service.pk})
    return opened
