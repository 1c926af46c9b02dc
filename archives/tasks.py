"""The night's work, in slices that fit a task's time."""

from celery import shared_task
from celery.schedules import crontab
from django.utils import timezone

from archives.dating import erasure_day
from archives.erasure.run import continue_run, start_run
from archives.erasure.weekly import full_scan
from archives.importing.batches import carry_out
from archives.models import ErasureRun, ImportBatch

# Below the soft limit of a task by more than one batch takes.
SLICE_SECONDS = 40.0

# 00:00 in Paris is 22:00 or 23:00 UTC. A worker that was away at midnight catches up at the next of these.
BEAT = {
    "archives-purge": ("archives.tasks.purge", crontab(minute="1,16,31,46", hour="22,23,0,1,2,3,4")),
    "archives-imports": ("archives.tasks.continue_imports", 60),
    "archives-full-scan": ("archives.tasks.weekly_scan", crontab(minute=20, hour=3, day_of_week=0)),
}


@shared_task(name="archives.tasks.purge", ignore_result=True, acks_late=True)
def purge(run_id: int | None = None) -> None:
    """Start tonight's run where there is none yet, or go on with one; a slice that is over asks for the next."""
    now = timezone.now()
    if run_id is None:
        if ErasureRun.objects.filter(for_day=erasure_day(now), state=ErasureRun.State.FINISHED).exists():
            return
        run = start_run(now)
    else:
        run = ErasureRun.objects.get(pk=run_id)
    if not continue_run(run, now, SLICE_SECONDS):
        purge.apply_async(args=(run.pk,))


@shared_task(name="archives.tasks.weekly_scan", ignore_result=True, soft_time_limit=3000, time_limit=3300)
def weekly_scan() -> None:
    """Look through everything for what should be gone; raises where something is not."""
    full_scan(timezone.now())


# So many rows fit a task's time many times over.
IMPORT_ROWS = 2000


@shared_task(name="archives.tasks.import_batch", ignore_result=True, acks_late=True)
def import_batch(batch_id: int) -> None:
    """Import a slice of a batch and ask for the next one."""
    batch = ImportBatch.objects.filter(pk=batch_id, state=ImportBatch.State.IMPORTING).first()
    if batch is not None and not carry_out(batch, timezone.now(), IMPORT_ROWS):
        import_batch.apply_async(args=(batch_id,))


@shared_task(name="archives.tasks.continue_imports", ignore_result=True)
def continue_imports() -> None:
    """Imports whose worker died, or whose message was lost, go on."""
    for batch in ImportBatch.objects.filter(state=ImportBatch.State.IMPORTING):
        carry_out(batch, timezone.now(), IMPORT_ROWS)
