"""Answer an objection, and end a block before its time."""

from __future__ import annotations

import base64
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from antibot.actions.decide_case import tell_about_case
from antibot.limits.scoring import clear_points
from antibot.limits.tallies import Kind, Outcome, tally
from antibot.models import Appeal, NetworkBlock, RadarCase
from mailroom.post import enqueue

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def lift_block(block_pk: int, by: User | None, now: datetime) -> bool:
    """End a block now. False where it was over already."""
    moved = NetworkBlock.objects.filter(pk=block_pk, lifted_at__isnull=True, ends_at__gt=now).update(
        lifted_at=now, lifted_by=by
    )
    if moved:
        row = NetworkBlock.objects.only("network_index", "post_key").get(pk=block_pk)
        clear_points(base64.urlsafe_b64encode(bytes(row.network_index)[:12]).decode())
        transaction.on_commit(partial(tally, row.post_key, Kind.NETWORK, Outcome.LIFTED, now))
    return bool(moved)


@transaction.atomic
def decide_appeal(appeal_pk: int, *, granted: bool, answer: str, by: User, now: datetime) -> bool:
    """Decide an open objection and write to the person. False where it was decided.

    A granted one ends its block, or takes its subject out of the case; the owner of the subject then writes.
    """
    known = Appeal.objects.only("case_id").get(pk=appeal_pk)
    # Case before objection: the order in which a decision on the case takes its locks.
    case = RadarCase.objects.select_for_update().filter(pk=known.case_id).first() if known.case_id else None
    appeal = Appeal.objects.select_for_update().get(pk=appeal_pk)
    if appeal.state != Appeal.State.OPEN:
        return False
    appeal.state = Appeal.State.GRANTED if granted else Appeal.State.DECLINED
    appeal.answer, appeal.decided_by, appeal.decided_at = answer, by, now
    appeal.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    if granted and appeal.block_id is not None:
        lift_block(appeal.block_id, by, now)
    if case is not None and case.state == RadarCase.State.NOTIFIED:
        stage = "dismissed" if granted else "declined"
        tell_about_case(case, stage, [appeal.subject], now, objection=appeal.reference, answer=answer)
    if appeal.contact:
        enqueue("appeal_answer", str(appeal.pk), dedupe=f"appeal_answer:{appeal.pk}")
    return True
