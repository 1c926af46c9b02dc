"""The place of a run: one post, one service, its calendar and its policy, from the defaults of the demonstration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from antibot.actions.publish_policy import publish_policy
from antibot.queries import policies as antibot_policies
from appointments.calendar.loading import first_policy
from appointments.models import Category, Counter, Post, ReleasePolicy, Service, Slot
from appointments.queries import services as known_services
from lab.scenario import PolicyNumbers, PostNumbers

ZONE = ZoneInfo("Africa/Algiers")
WORKING_DAYS = (6, 0, 1, 2, 3)  # Sunday to Thursday
START = datetime(2027, 3, 7, 6, 0, tzinfo=UTC)  # a Sunday, an hour before the first release


@dataclass
class World:
    """What a run plays in."""

    post: Post
    service: Service
    policy: ReleasePolicy

    @property
    def path(self) -> str:
        """The address of the service's page."""
        return f"/posts/{self.post.key}/{self.service.slug}/"


def build(post: PostNumbers, policy: PolicyNumbers, now: datetime, days: int) -> World:
    """Make the post, its slots for the run and the days ahead, and both policies."""
    known_services.forget()
    antibot_policies.forget()
    row = Post.objects.create(
        key="laboratory",
        name_fr="Laboratoire",
        name_ar="مختبر",
        name_en="Laboratory",
        country="DZ",
        timezone=ZONE.key,
        identity_group="DZ",
        languages=["fr"],
        contact_email="post@example.org",
    )
    category = Category.objects.create(
        code="C-TOUR",
        kind="short_stay",
        identity_family="visa",
        label_fr="Tourisme",
        label_ar="سياحة",
        label_en="Tourism",
    )
    values: dict[str, Any] = {
        "service_fee_cents": post.service_fee_cents,
        "payment_deadline_hours": post.payment_deadline_hours,
        "cooling_off_days": post.cooling_off_days,
        "refund_hours_before": post.refund_hours_before,
        "largest_group": post.largest_group,
    }
    service = Service.objects.create(post=row, category=category, slug="visa", **(values | dict(policy.service)))
    release = _release_policy(service, post, policy, now)
    if policy.antibot:
        publish_policy(
            scope_key="", values=dict(policy.antibot), author=None, reason=policy.name, shadow=False, now=now
        )
    _make_slots(service, post, now, days)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE appointments_slot")
    return World(row, Service.objects.select_related("post", "category").get(pk=service.pk), release)


def _release_policy(service: Service, post: PostNumbers, policy: PolicyNumbers, now: datetime) -> ReleasePolicy:
    """The first policy of a new service, with the mode and the values of this run."""
    week = len(WORKING_DAYS)
    row = first_policy(service, post.slots_per_day * week, week, now)
    row.mode = policy.mode
    if policy.mode == ReleasePolicy.Mode.BATCH:
        row.batch_time = time(18)
    for name, value in _times(policy.release).items():
        setattr(row, name, value)
    row.save()
    return row


def _times(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: time.fromisoformat(value)
        if name in {"release_from", "release_until", "batch_time"} and isinstance(value, str)
        else value
        for name, value in values.items()
    }


def _make_slots(service: Service, post: PostNumbers, now: datetime, days: int) -> None:
    """`slots_per_day` on each working day, at as many counters as it takes from nine to four."""
    minutes = service.duration_minutes
    a_counter = 7 * 60 // minutes
    counters = [
        Counter.objects.create(post=service.post, number=number + 1)
        for number in range(-(-post.slots_per_day // a_counter))
    ]
    first: date = now.astimezone(ZONE).date()
    rows = []
    for number in range(days + post.days_ahead + 1):
        day = first + timedelta(days=number)
        if day.weekday() not in WORKING_DAYS:
            continue
        for index in range(post.slots_per_day):
            local = datetime.combine(day, time(9)) + timedelta(minutes=minutes * (index // len(counters)))
            start = local.replace(tzinfo=ZONE).astimezone(UTC)
            rows.append(
                Slot(
                    service=service,
                    counter=counters[index % len(counters)],
                    local_day=day,
                    local_time=local.time(),
                    starts_at=start,
                    ends_at=start + timedelta(minutes=minutes),
                )
            )
    Slot.objects.bulk_create(rows)
