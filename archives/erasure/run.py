"""A run: everything that is due, batch after batch, until nothing is left or the time is over."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog
from django.db.models import F, QuerySet

from antibot.actions.index_appeals import index_appeals
from appointments.reports.addresses import index_reports
from archives.actions.note_mentions import note_mentions
from archives.dating import erasure_day
from archives.erasure import journal
from archives.erasure.batch import erase_batch
from archives.erasure.doomed import destroy_doomed
from archives.erasure.parts import erase_copies, erase_parts, erase_records
from archives.erasure.residue import ResidueFoundError
from archives.erasure.sealed_residue import Erased
from archives.erasure.sweepers import SWEEPERS
from archives.models import ErasureRun, VisaFile

log = structlog.get_logger(__name__)

BATCH = 2000
# A run that said nothing for this long was killed; its work is taken over, and it is marked for what it is.
SILENT = timedelta(hours=1)
STALE_AFTER = timedelta(days=180)

Step = Callable[[ErasureRun, date, datetime, int], int]
_STEPS: tuple[Step, ...] = (erase_parts, erase_copies, erase_records)


def start_run(now: datetime) -> ErasureRun:
    """Open a run for the civil day of `now`, and count the nights since the last one that finished."""
    today = erasure_day(now)
    ErasureRun.objects.filter(state=ErasureRun.State.RUNNING, started_at__lt=now - SILENT).update(
        state=ErasureRun.State.FAILED, finished_at=now, failure="interrupted"
    )
    last = ErasureRun.objects.filter(state=ErasureRun.State.FINISHED).order_by("-for_day").first()
    missed = max(0, (today - last.for_day).days - 1) if last else 0
    if missed:
        log.error("erasure_nights_missed", nights=missed, last_day=last and last.for_day.isoformat())
    return ErasureRun.objects.create(for_day=today, started_at=now, missed_nights=missed)


def stale_files(now: datetime) -> QuerySet[VisaFile]:
    """Files without a decision, half a year after their creation: no text lets them go, somebody has to decide them."""
    return VisaFile.objects.filter(gone_from__isnull=True, created_on__lt=erasure_day(now) - STALE_AFTER)


def continue_run(run: ErasureRun, now: datetime, seconds: float | None = None, batch: int = BATCH) -> bool:
    """Go on with a run for at most about `seconds`; True when it is finished.

    Every batch is a transaction: killed anywhere, the next call goes on. Raises ResidueFoundError, the run marked.
    """
    until = None if seconds is None else time.monotonic() + seconds
    erased = Erased()
    try:
        for work in _work(run, now, batch, erased):
            while work():
                if until is not None and time.monotonic() > until:
                    erased.look()
                    return False
        erased.look()
    except ResidueFoundError as found:
        ErasureRun.objects.filter(pk=run.pk).update(
            state=ErasureRun.State.FAILED, finished_at=now, failure=f"residue: {'; '.join(found.places)}"[:200]
        )
        log.exception("erasure_residue_found", places=found.places)
        raise
    stale = VisaFile.objects.filter(gone_from__isnull=True, created_on__lt=run.for_day - STALE_AFTER).count()
    if stale:
        log.warning("visa_files_without_decision", files=stale)
    ErasureRun.objects.filter(pk=run.pk).update(
        state=ErasureRun.State.FINISHED, finished_at=now, stale_files=stale, failure=""
    )
    return True


def _work(run: ErasureRun, now: datetime, batch: int, erased: Erased) -> list[Callable[[], int]]:
    def files() -> int:
        done = erase_batch(run, run.for_day, now, batch)
        destroy_doomed()
        erased.after_batch(done.identifiers)
        return done.files

    def step(function: Step) -> Callable[[], int]:
        def work() -> int:
            rows = function(run, run.for_day, now, batch)
            destroy_doomed()
            return rows

        return work

    def sweep(name: str) -> Callable[[], int]:
        def work() -> int:
            rows = SWEEPERS[name](now, batch)
            if rows:
                journal.write(run, [journal.Line(f"rows:{name}", rows)], now)
            return rows

        return work

    # Leftovers of a run that was killed go first.
    return [
        lambda: bool(destroy_doomed()),
        lambda: note_mentions(batch),
        lambda: index_appeals(batch),
        lambda: index_reports(batch),
        files,
        *map(step, _STEPS),
        *map(sweep, SWEEPERS),
    ]


def run_erasure(now: datetime, batch: int = BATCH) -> ErasureRun:
    """A whole run at once, as `manage.py purge` does it. Raises ResidueFoundError."""
    run = start_run(now)
    continue_run(run, now, None, batch)
    run.refresh_from_db()
    return run


def missed_nights() -> int:
    """What the newest run reported; the staff page shows it."""
    newest = ErasureRun.objects.order_by(F("started_at").desc()).first()
    return newest.missed_nights if newest else 0
