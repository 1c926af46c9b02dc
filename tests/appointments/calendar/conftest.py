"""A small post: Algiers, one counter, Sunday to Thursday from nine to noon, 30 minutes a slot."""

from datetime import UTC, date, datetime, time

import pytest

from appointments.models import Category, Counter, OpeningHours, Post, ReleasePolicy, Service

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # a Monday
TODAY = date(2026, 11, 23)
ALGERIAN_WEEK = (6, 0, 1, 2, 3)


@pytest.fixture
def post(db: None) -> Post:
    return Post.objects.create(
        key="dz-alg",
        name_fr="Alger",
        name_ar="الجزائر العاصمة",
        name_en="Algiers",
        country="DZ",
        timezone="Africa/Algiers",
        identity_group="DZ",
        languages=["fr", "ar"],
    )


@pytest.fixture
def counter(post: Post) -> Counter:
    return Counter.objects.create(post=post, number=1)


def new_service(post: Post, code: str, slug: str) -> Service:
    category, _ = Category.objects.get_or_create(
        code=code,
        defaults={
            "kind": "short_stay",
            "identity_family": "visa",
            "label_fr": f"Court séjour {slug}",
            "label_ar": f"إقامة قصيرة {slug}",
            "label_en": f"Short stay {slug}",
        },
    )
    return Service.objects.create(post=post, category=category, slug=slug, duration_minutes=30)


def open_counter(counter: Counter, service: Service, opens: time = time(9), closes: time = time(12)) -> None:
    OpeningHours.objects.bulk_create(
        OpeningHours(
            counter=counter, service=service, weekday=weekday, opens=opens, closes=closes, first_day=date(2026, 1, 1)
        )
        for weekday in ALGERIAN_WEEK
    )


@pytest.fixture
def service(post: Post, counter: Counter) -> Service:
    found = new_service(post, "C-TOUR", "tourism")
    open_counter(counter, found)
    return found


def new_policy(service: Service, **changes: object) -> ReleasePolicy:
    values = {
        "service": service,
        "version": 1,
        "release_from": time(8),
        "release_until": time(20),
        "slots_per_day": 6,
        "author": "test",
        "reason": "test",
        "created_at": NOW,
    }
    return ReleasePolicy.objects.create(**(values | changes))
