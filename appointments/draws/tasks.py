"""Draws by the clock: close what is due, draw what has its randomness."""

from __future__ import annotations

import logging
import secrets

from celery import shared_task

from appointments.domain.commitment import MalformedRecordError
from appointments.draws.closing import ListTooSlowError, close_draw, due_to_close
from appointments.draws.drawing import TamperedListError, draw_now, due_to_draw
from appointments.draws.retention import reduce_records
from appointments.releases.clock import database_now

log = logging.getLogger(__name__)

# name: (task, seconds between runs)
BEAT = {
    "appointments-close-draws": ("appointments.draws.tasks.close_draws", 10),
    "appointments-draw": ("appointments.draws.tasks.draw_committed", 10),
    "appointments-draw-records": ("appointments.draws.tasks.reduce_old_records", 24 * 3600),
}
# A draw of a million tickets takes minutes; below the broker's visibility timeout, so that none starts twice.
SOFT_LIMIT, LIMIT = 540, 570


@shared_task(name="appointments.draws.tasks.close_draws", soft_time_limit=SOFT_LIMIT, time_limit=LIMIT)
def close_draws() -> int:
    """Publish the lists that are due; one that fails does not stop the others."""
    closed = 0
    for pk in due_to_close(database_now()):
        try:
            closed += close_draw(pk, database_now(), secrets.token_bytes(32)) is not None
        except (ListTooSlowError, MalformedRecordError):
            log.exception("draw_not_closed", extra={"draw": pk})
    return closed


@shared_task(name="appointments.draws.tasks.draw_committed", soft_time_limit=SOFT_LIMIT, time_limit=LIMIT)
def draw_committed() -> int:
    """Draw what can be drawn; what cannot is postponed with its reason."""
    drawn = 0
    for pk in due_to_draw(database_now()):
        try:
            drawn += draw_now(pk, database_now()) is not None
        except (TamperedListError, MalformedRecordError):
            log.exception("draw_not_drawn", extra={"draw": pk})
    return drawn


@shared_task(name="appointments.draws.tasks.reduce_old_records")
def reduce_old_records() -> int:
    """Reduce records to hashes and counts when their time is over."""
    return reduce_records(database_now())
