"""Standing requests: enter, change wishes, withdraw, lapse."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from appointments.actions.drafts import finish_draft, lock_draft
from appointments.actions.people import check_group, contact_index, entering, write_people
from appointments.domain.people import PersonData
from appointments.domain.wishes import Wishes
from appointments.models import Draft, Request, Service
from appointments.queries.policies import is_drawn, policy_in_force
from appointments.refusals import Reason, RefusedError
from mailroom.post import enqueue, enqueue_many


def check_wishes(service: Service, wishes: Wishes, now: datetime) -> Wishes:
    """The wishes cut to what can be: from today, no longer than a request stands.

    Raises:
        RefusedError: WISHES_IN_THE_PAST, WISHES_OUTSIDE.
    """
    today = now.astimezone(ZoneInfo(service.post.timezone)).date()
    if wishes.last_day < today:
        raise RefusedError(Reason.WISHES_IN_THE_PAST, field="last_day")
    furthest = today + timedelta(days=service.request_life_days)
    cut = replace(wishes, first_day=max(wishes.first_day, today), last_day=min(wishes.last_day, furthest))
    if cut.first_day > cut.last_day or cut.earliest >= cut.latest or not cut.accepted_days():
        raise RefusedError(Reason.WISHES_OUTSIDE, field="first_day")
    return cut


def enter_request(
    *,
    service: Service,
    people: Sequence[PersonData],
    wishes: Wishes,
    contact: str,
    language: str,
    now: datetime,
    origin: str = Request.Origin.ONLINE,
    quota: str = "ordinary",
    draft: Draft | None = None,
) -> Request:
    """Enter a standing request into every coming draw of a service.

    The same draft entered twice (double click, two tabs) is refused with ALREADY_ENTERED.

    Raises:
        RefusedError: POST_CLOSED, NOT_DRAWN, URGENT_NOT_OFFERED, and what check_group, check_wishes and the
            database refuse (IDENTITY_LIVING, FRANCE_VISAS_LIVING, COOLING_OFF).
    """
    if not (service.is_open and service.post.is_open):
        raise RefusedError(Reason.POST_CLOSED)
    policy = policy_in_force(service)
    if not is_drawn(policy):
        raise RefusedError(Reason.NOT_DRAWN)
    if quota == "urgent" and not (service.category.urgent_possible and policy and policy.urgent_percent):
        raise RefusedError(Reason.URGENT_NOT_OFFERED)
    people = check_group(service, people)
    wishes = check_wishes(service, wishes, now)
    with entering(service, people, contact, now):
        locked = lock_draft(draft=draft) if draft else None
        request = Request.objects.create(
            service=service,
            contact=contact,
            contact_index=contact_index(contact),
            language=language,
            quota=quota,
            size=len(people),
            first_day=wishes.first_day,
            last_day=wishes.last_day,
            earliest=wishes.earliest,
            latest=wishes.latest,
            weekdays=wishes.weekdays,
            short_notice=wishes.short_notice,
            origin=origin,
            entered_at=now,
        )
        write_people(request, service, people)
        if locked:
            finish_draft(draft=locked, request=request, now=now)
        enqueue("request_entered", request.reference)
    return request


def change_wishes(*, request: Request, wishes: Wishes, now: datetime) -> None:
    """Change days and hours of a standing request; a list already published keeps the old ones."""
    wishes = check_wishes(request.service, wishes, now)
    moved = Request.objects.filter(pk=request.pk, state=Request.State.STANDING).update(
        first_day=wishes.first_day,
        last_day=wishes.last_day,
        earliest=wishes.earliest,
        latest=wishes.latest,
        weekdays=wishes.weekdays,
        short_notice=wishes.short_notice,
    )
    if not moved:
        raise RefusedError(Reason.NOT_STANDING)
    request.refresh_from_db()


def withdraw(*, request: Request, now: datetime) -> None:
    """End a standing request at its owner's wish. Nothing was given to it, so there is no cooling-off."""
    with transaction.atomic():
        moved = Request.objects.filter(pk=request.pk, state=Request.State.STANDING).update(
            state=Request.State.ENDED, ended_reason=Request.Ended.WITHDRAWN, ended_at=now
        )
        if not moved:
            raise RefusedError(Reason.NOT_STANDING)
        enqueue("request_withdrawn", request.reference, dedupe=f"request_withdrawn:{request.reference}")
    request.refresh_from_db()


def end_lapsed(now: datetime, limit: int = 500) -> int:
    """End standing requests whose last accepted day is over everywhere; returns how many."""
    # The last post of the world to leave a day is twelve hours behind UTC.
    last_day = (now - timedelta(hours=12)).date()
    with transaction.atomic():
        due = list(
            Request.objects.select_for_update(skip_locked=True)
            .filter(state=Request.State.STANDING, last_day__lt=last_day)
            .values_list("pk", "reference")[:limit]
        )
        Request.objects.filter(pk__in=[pk for pk, _ in due]).update(
            state=Request.State.ENDED, ended_reason=Request.Ended.LAPSED, ended_at=now
        )
        enqueue_many([("request_ended", reference, None, f"request_ended:{reference}") for _, reference in due])
    return len(due)
