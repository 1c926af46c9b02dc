"""What a person decides about a suspicion, and what the owners of the subjects are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from antibot.models import OutboxEvent, RadarCase
from antibot.models.radar import NOTICE_DAYS

if TYPE_CHECKING:
    from accounts.models import User

State = RadarCase.State


class DecisionRefusedError(Exception):
    """The case does not stand where this decision is possible; the text says why (for staff)."""


def _tell(case: RadarCase, stage: str, now: datetime) -> None:
    until = (case.notified_at or now) + timedelta(days=NOTICE_DAYS)
    OutboxEvent.objects.bulk_create(
        OutboxEvent(
            kind=OutboxEvent.Kind.SUSPECTED,
            subject=subject,
            scope_key=case.post_key,
            data={"stage": stage, "case": case.reference, "objection_until": until.isoformat()},
            created_at=now,
        )
        for subject in case.subjects
    )


@transaction.atomic
def notify(case_pk: int, now: datetime) -> None:
    """Have the people of a case told, with the way to object. Raises DecisionRefusedError."""
    case = RadarCase.objects.select_for_update().get(pk=case_pk)
    if case.state != State.OPEN:
        raise DecisionRefusedError("People of this case were told already, or it is decided.")
    case.state, case.notified_at = State.NOTIFIED, now
    case.save(update_fields=["state", "notified_at"])
    _tell(case, "notice", now)


@transaction.atomic
def dismiss(case_pk: int, *, reason: str, by: User, now: datetime) -> None:
    """Nothing wrong here. People who were told hear that it is over. Raises DecisionRefusedError."""
    case = _undecided(case_pk, reason)
    told = case.state == State.NOTIFIED
    _decide(case, State.DISMISSED, reason, by, now)
    if told:
        _tell(case, "dismissed", now)


@transaction.atomic
def uphold(case_pk: int, *, reason: str, by: User, now: datetime) -> None:
    """Confirm the suspicion; the owners of the subjects act on it. Raises DecisionRefusedError before its time."""
    case = _undecided(case_pk, reason)
    if case.state != State.NOTIFIED or case.notified_at is None:
        raise DecisionRefusedError("People have to be told first.")
    if now < case.notified_at + timedelta(days=NOTICE_DAYS):
        raise DecisionRefusedError(f"People have {NOTICE_DAYS} days to object.")
    _decide(case, State.UPHELD, reason, by, now)
    _tell(case, "upheld", now)


def _undecided(case_pk: int, reason: str) -> RadarCase:
    case = RadarCase.objects.select_for_update().get(pk=case_pk)
    if case.state not in {State.OPEN, State.NOTIFIED}:
        raise DecisionRefusedError("This case is decided.")
    if not reason.strip():
        raise DecisionRefusedError("A decision needs a reason.")
    return case


def _decide(case: RadarCase, state: str, reason: str, by: User, now: datetime) -> None:
    case.state, case.reason, case.decided_by, case.decided_at = state, reason[:1000], by, now
    case.save(update_fields=["state", "reason", "decided_by", "decided_at"])
