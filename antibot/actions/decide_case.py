"""What a person decides about a suspicion, and what the owners of the subjects are told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from antibot.limits.tallies import Kind, tally
from antibot.models import Appeal, OutboxEvent, RadarCase
from antibot.models.radar import NOTICE_DAYS

if TYPE_CHECKING:
    from accounts.models import User

State = RadarCase.State


class DecisionRefusedError(Exception):
    """The case does not stand where this decision is possible; the text says why, in the reader's language."""


def tell_about_case(case: RadarCase, stage: str, subjects: Iterable[str], now: datetime, **data: Any) -> None:
    """Write a `suspected` event for each of `subjects`. `stage` is notice, dismissed, declined or upheld."""
    until = (case.notified_at or now) + timedelta(days=NOTICE_DAYS)
    OutboxEvent.objects.bulk_create(
        OutboxEvent(
            kind=OutboxEvent.Kind.SUSPECTED,
            subject=subject,
            scope_key=case.post_key,
            data={"stage": stage, "case": case.reference, "objection_until": until.isoformat(), **data},
            created_at=now,
        )
        for subject in subjects
    )


@transaction.atomic
def notify(case_pk: int, now: datetime) -> None:
    """Have the people of a case told, with the way to object. Raises DecisionRefusedError."""
    case = RadarCase.objects.select_for_update().get(pk=case_pk)
    if case.state != State.OPEN:
        raise DecisionRefusedError(_("The people of this case were told already, or it is decided."))
    case.state, case.notified_at = State.NOTIFIED, now
    case.save(update_fields=["state", "notified_at"])
    _tally(case, now)
    tell_about_case(case, "notice", case.subjects, now)


@transaction.atomic
def dismiss(case_pk: int, *, reason: str, by: User, now: datetime) -> None:
    """Nothing wrong here. People who were told hear that it is over. Raises DecisionRefusedError."""
    case = _undecided(case_pk, reason)
    told = case.state == State.NOTIFIED
    _decide(case, State.DISMISSED, reason, by, now)
    if told:
        tell_about_case(case, "dismissed", still_suspected(case), now)


@transaction.atomic
def uphold(case_pk: int, *, reason: str, by: User, now: datetime) -> None:
    """Confirm the suspicion; the owners of the subjects act on it. Raises DecisionRefusedError before its time.

    People whose objection was granted are out of it; while an objection waits for its answer nothing is decided.
    """
    case = _undecided(case_pk, reason)
    if case.state != State.NOTIFIED or case.notified_at is None:
        raise DecisionRefusedError(_("People have to be told first."))
    if now < case.notified_at + timedelta(days=NOTICE_DAYS):
        raise DecisionRefusedError(_("People have %(days)d days to object.") % {"days": NOTICE_DAYS})
    if Appeal.objects.filter(case=case, state=Appeal.State.OPEN).exists():
        raise DecisionRefusedError(_("An objection to this case waits for an answer. Answer it first."))
    _decide(case, State.UPHELD, reason, by, now)
    tell_about_case(case, "upheld", still_suspected(case), now)


def still_suspected(case: RadarCase) -> list[str]:
    """The subjects of a case without those whose objection was granted."""
    cleared = set(Appeal.objects.filter(case=case, state=Appeal.State.GRANTED).values_list("subject", flat=True))
    return [subject for subject in case.subjects if subject not in cleared]


def _undecided(case_pk: int, reason: str) -> RadarCase:
    case = RadarCase.objects.select_for_update().get(pk=case_pk)
    if case.state not in {State.OPEN, State.NOTIFIED}:
        raise DecisionRefusedError(_("This case is decided."))
    if not reason.strip():
        raise DecisionRefusedError(_("A decision needs a reason."))
    return case


def _decide(case: RadarCase, state: str, reason: str, by: User, now: datetime) -> None:
    case.state, case.reason, case.decided_by, case.decided_at = state, reason[:1000], by, now
    case.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    _tally(case, now)


def _tally(case: RadarCase, now: datetime) -> None:
    transaction.on_commit(partial(tally, case.post_key, Kind.CASE, case.state, now))
