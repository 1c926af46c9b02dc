"""Signs of life: beat leaves a mark when it sends, the worker when it works."""

from __future__ import annotations

import time

from celery import shared_task
from celery.signals import before_task_publish
from django.core.cache import cache

from visa_booking.health import BEAT_KEY, BEAT_SECONDS, STALE_SECONDS, WORKER_KEY

HEARTBEAT = "visa_booking.tasks.heartbeat"
BEAT = {"heartbeat": (HEARTBEAT, BEAT_SECONDS)}


@before_task_publish.connect(sender=HEARTBEAT)
def _beat_lives(**_: object) -> None:
    """Runs in the process that sends, which for this task is beat alone."""
    cache.set(BEAT_KEY, time.time(), STALE_SECONDS * 4)


@shared_task(name=HEARTBEAT)
def heartbeat() -> None:
    """Runs in the worker."""
    cache.set(WORKER_KEY, time.time(), STALE_SECONDS * 4)
