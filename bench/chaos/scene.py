"""What there is to book: a service of few slots that everybody wants, one with many, and one that is drawn."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from appointments.actions.requests import enter_request
from appointments.models import Post, ReleasePolicy, Service, Slot
from bench.people import ready
from tests.cast import any_day, make_post, make_service, make_slots, open_slots, person

CONTESTED_SLOTS, MANY_SLOTS, REQUESTS = 24, 400, 30


def make_scene() -> dict[str, list[str]]:
    """Make it; returns the slots of the contested service."""
    post = make_post()
    contested = make_service(
        post, "first_come", code="CONTESTED", family="civil-status", hold_minutes=5, refund_hours_before=1
    )
    passport = make_service(post, "first_come", code="PASSPORT", family="passport", hold_minutes=15)
    drawn = make_service(post, "windowed")
    for service in (contested, drawn):
        _quick(service)
    first = open_slots(contested, CONTESTED_SLOTS)
    open_slots(passport, MANY_SLOTS, day=_in(8), counters=20)
    make_slots(drawn, 40, day=_in(9), counters=2)
    for number in range(REQUESTS):
        enter_request(
            service=drawn, people=[person(900_000 + number)], wishes=any_day(), contact=f"waits{number}@example.org",
            language="fr", now=timezone.now(),
        )  # fmt: skip
    return {"slots": [str(slot.pk) for slot in first]}


def _in(days: int) -> Any:
    return (timezone.now() + timedelta(days=days)).date()


def _quick(service: Service) -> None:
    """Releases every few seconds: a run of minutes has to see what takes days."""
    policy = ReleasePolicy.objects.get(service=service)
    policy.pk = None
    policy.version, policy.tick_seconds, policy.largest_release, policy.slots_per_day = 2, 5, 3, 30_000
    policy.claim_window_seconds = 30
    policy.save(force_insert=True)


def people_for(service_slug: str, first: int, count: int) -> list[dict[str, Any]]:
    """People who are at the calendar of a service."""
    service = Service.objects.get(post=Post.objects.get(), slug=service_slug)
    rows = ready(service, first, count)
    return [
        {"session": row.session, "draft": row.draft, "address": row.address, "number": first + n}
        for n, row in enumerate(rows)
    ]


def cookie_names() -> list[str]:
    """Of the session and of the form token."""
    return [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME]


def final_holders(slots: list[str]) -> dict[str, str]:
    """Slot → the draft of whoever holds it now, by the tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.slot_id, d.public_id FROM appointments_place p JOIN appointments_booking b ON b.id = p.booking_id"
            " JOIN appointments_draft d ON d.request_id = b.request_id WHERE p.living AND p.slot_id = ANY(%s)",
            [[int(slot) for slot in slots]],
        )
        return {str(slot): str(draft) for slot, draft in cursor.fetchall()}


def slot_count() -> int:
    """All slots that were made and not removed."""
    return Slot.objects.exclude(state=Slot.State.REMOVED).count()
