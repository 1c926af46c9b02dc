"""The cast: a post in Algiers with a first-come and a drawn service, and people who want an appointment.

Alice is the applicant the test is about, Bob her brother, Charlie an outsider.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from appointments.domain.people import PersonData
from appointments.domain.wishes import Wishes
from appointments.models import Category, Counter, Post, Release, ReleasePolicy, Service, ServiceTerms, Slot
from appointments.terms.versions import save_terms, values_of

ALICE = PersonData("BENALI", "Alice Nour", date(1990, 4, 12), "DZ", "DZ", "AB1234567")
BOB = PersonData("BENALI", "Bob Karim", date(1992, 8, 1), "DZ", "DZ", "AB7654321")
CHARLIE = PersonData("MEZIANE", "Charlie", date(1985, 1, 30), "DZ", "DZ", "CC0000001")
ALICE_MAIL = "alice@example.org"
BOB_MAIL = "bob@example.org"
CHARLIE_MAIL = "charlie@example.org"


@dataclass
class Scene:
    """A post with its two services."""

    post: Post
    first_come: Service
    drawn: Service
    counter: Counter


def person(number: int) -> PersonData:
    """One of many people; another number, another passport."""
    return PersonData(
        f"PERSON{number}", "Test", date(1980, 1, 1) + timedelta(days=number), "DZ", "DZ", f"ZZ{number:07}"
    )


def make_post(key: str = "dz-alg", country: str = "DZ", zone: str = "Africa/Algiers") -> Post:
    """An open post."""
    return Post.objects.create(
        key=key,
        name_fr="Alger",
        name_ar="الجزائر",
        name_en="Algiers",
        country=country,
        timezone=zone,
        identity_group=country,
        languages=["fr", "ar"],
        address="12 rue de la Source\nAlger",
        contact_email="contact@post.example.org",
    )


def make_category(code: str = "C-TOUR", family: str = "visa", kind: str = "short_stay") -> Category:
    """A category; the same code gives the same row."""
    return Category.objects.get_or_create(
        code=code,
        defaults={
            "kind": kind,
            "identity_family": family,
            "label_fr": "Tourisme",
            "label_ar": "سياحة",
            "label_en": "Tourism",
            "documents_fr": "Passeport\nPhoto",
            "documents_ar": "جواز السفر\nصورة",
            "documents_en": "Passport\nPhoto",
            "consular_fee_cents": 9000,
        },
    )[0]


def make_service(post: Post, mode: str, *, code: str = "C-TOUR", family: str = "visa", **fields: object) -> Service:
    """A service of a post with its first policy."""
    category = make_category(code, family)
    values: dict[str, object] = {"service_fee_cents": 2900, "duration_minutes": 15, "payment_deadline_hours": 72}
    service = Service.objects.create(post=post, category=category, slug=code.lower(), **(values | fields))
    ReleasePolicy.objects.create(
        service=service,
        version=1,
        mode=mode,
        release_from=time(0, 0),
        release_until=time(23, 59),
        slots_per_day=200,
        claim_window_seconds=120,
        batch_time=time(18, 0),
        lead_min_days=1,
        lead_max_days=30,
        author="test",
        reason="first",
        created_at=timezone.now(),
    )
    return service


def change_terms(service: Service, **changes: object) -> ServiceTerms:
    """Another version of a service's terms, as a head of post would write it."""
    version = service.terms.latest().version
    known = {"author": "hélène", "reason": "for a test", "based_on": version, "now": timezone.now()}
    return save_terms(service, values_of(service) | changes, **known)  # type: ignore[arg-type]


def make_scene(zone: str = "Africa/Algiers") -> Scene:
    """Algiers with a first-come passport service and a drawn visa service."""
    post = make_post(zone=zone)
    return Scene(
        post=post,
        first_come=make_service(post, "first_come", code="PASSPORT", family="passport"),
        drawn=make_service(post, "windowed"),
        counter=Counter.objects.create(post=post, number=1),
    )


def make_slots(
    service: Service, count: int, *, day: date | None = None, counters: int = 1, state: str = Slot.State.POOLED
) -> list[Slot]:
    """`count` slots from 09:00 local time on, in natural order, at that many counters."""
    zone = ZoneInfo(service.post.timezone)
    day = day or (timezone.now() + timedelta(days=7)).date()
    rows = []
    for index in range(count):
        counter, _ = Counter.objects.get_or_create(post=service.post, number=1 + index % counters)
        local = datetime.combine(day, time(9)) + timedelta(minutes=service.duration_minutes * (index // counters))
        start = local.replace(tzinfo=zone).astimezone(UTC)
        end = start + timedelta(minutes=service.duration_minutes)
        rows.append(
            Slot(
                service=service,
                counter=counter,
                local_day=day,
                local_time=local.time(),
                starts_at=start,
                ends_at=end,
                state=state,
            )
        )
    return Slot.objects.bulk_create(rows)


def open_slots(service: Service, count: int, **options: object) -> list[Slot]:
    """`count` slots that are open to whoever comes first."""
    slots = make_slots(service, count, **options)  # type: ignore[arg-type]
    release = Release.objects.create(
        service=service,
        policy=service.policies.latest(),
        tick=Release.objects.count(),
        kind=Release.Kind.FIRST_COME,
        opened_at=timezone.now(),
        slots_count=count,
        pool_size=count,
    )
    Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(state=Slot.State.RELEASED, release=release)
    for slot in slots:
        slot.refresh_from_db()
    return slots


def any_day(days: int = 30) -> Wishes:
    """Whoever has this comes at any time in the next days."""
    today = timezone.now().date()
    return Wishes(first_day=today, last_day=today + timedelta(days=days))
