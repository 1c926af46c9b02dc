"""Posts, categories, services, counters, hours and first policies, from the project's data.

What exists already is left as it is: staff may have corrected it. Loading twice changes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction

from appointments.calendar.facts import CategoryFacts, PostFacts, category_facts, post_facts
from appointments.calendar.layout import HoursFacts, hours_of
from appointments.models import Category, Counter, OpeningHours, Post, Provider, ReleasePolicy, Service

__all__ = ["Loaded", "load_posts"]

AUTHOR = "load_posts"
CONSULAR_TO_CONFIRM = ("duration_minutes", "payment_deadline_hours", "service_fee_cents")


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows of each kind came to be."""

    posts: int
    categories: int
    services: int
    counters: int
    hours: int
    policies: int


@transaction.atomic
def load_posts(today: date, now: datetime) -> Loaded:
    """Create every post of the data that does not exist yet, with services, counters, hours and policies.

    Services come closed: nobody should be given an appointment on the strength of a default that
    the post has not confirmed. Staff open them one by one.

    Args:
        today: first day on which the hours hold.
        now: instant from which the first policies hold (UTC).

    Returns:
        What was created; zeros where everything existed.
    """
    categories = _categories()
    known = set(Post.objects.values_list("key", flat=True))
    facts = [entry for entry in post_facts() if entry.key not in known]
    providers = _providers(facts)
    posts = Post.objects.bulk_create([_post(entry, providers) for entry in facts])
    by_code = {entry.code: entry for entry in Category.objects.all()}
    services = Service.objects.bulk_create(
        [
            _service(post, by_code[code], entry)
            for post, entry in zip(posts, facts, strict=True)
            for code in (*entry.visa_codes, *entry.consular_codes)
        ]
    )
    laid_out = {post.pk: hours_of(entry) for post, entry in zip(posts, facts, strict=True)}
    counters = Counter.objects.bulk_create(
        [
            Counter(post=post, number=number)
            for post in posts
            for number in sorted({line.counter for line in laid_out[post.pk]})
        ]
    )
    hours = _hours(posts, services, counters, laid_out, today)
    policies = _policies(services, facts, laid_out, now)
    return Loaded(len(posts), categories, len(services), len(counters), len(hours), len(policies))


def _categories() -> int:
    known = set(Category.objects.values_list("code", flat=True))
    return len(Category.objects.bulk_create([_category(e) for e in category_facts() if e.code not in known]))


def _category(entry: CategoryFacts) -> Category:
    to_confirm = ["consular_fee_cents" if name == "consular_fee" else name for name in entry.to_confirm]
    return Category(
        code=entry.code,
        kind=entry.kind,
        identity_family=entry.identity_family,
        consular_fee_cents=entry.fee_cents,
        consular_fee_note=entry.fee_note,
        urgent_possible=entry.urgent_possible,
        vis_scope=entry.vis_scope,
        to_confirm=to_confirm,
        **{f"label_{language}": text for language, text in entry.labels.items()},
        **{f"documents_{language}": text for language, text in entry.documents.items()},
    )


def _providers(facts: list[PostFacts]) -> dict[str, Provider]:
    names = sorted({entry.provider for entry in facts if entry.provider})
    Provider.objects.bulk_create([Provider(name=name) for name in names], ignore_conflicts=True)
    return {provider.name: provider for provider in Provider.objects.filter(name__in=names)}


def _post(entry: PostFacts, providers: dict[str, Provider]) -> Post:
    return Post(
        key=entry.key,
        country=entry.country,
        timezone=entry.timezone,
        provider=providers[entry.provider] if entry.provider else None,
        consulate=entry.consulate,
        identity_group=entry.country,
        languages=list(entry.languages),
        capacity_per_day=entry.capacity_per_day,
        to_confirm=list(entry.to_confirm),
        source=entry.source,
        certainty=entry.certainty,
        is_open=not entry.closed_reason,
        closed_reason=entry.closed_reason,
        **{f"name_{language}": text for language, text in entry.names.items()},
    )


def _service(post: Post, category: Category, entry: PostFacts) -> Service:
    facts = next(known for known in category_facts() if known.code == category.code)
    is_visa = category.identity_family == "visa"
    return Service(
        post=post,
        category=category,
        slug=facts.slug,
        duration_minutes=entry.duration_minutes if is_visa else 20,
        # A consulate serves its own citizens itself: there is no provider who charges a fee for it.
        service_fee_cents=entry.service_fee_cents if is_visa else 0,
        payment_deadline_hours=entry.payment_deadline_hours,
        is_open=False,
        to_confirm=list(entry.service_to_confirm) if is_visa else list(CONSULAR_TO_CONFIRM),
    )


def _hours(
    posts: list[Post],
    services: list[Service],
    counters: list[Counter],
    laid_out: dict[int, list[HoursFacts]],
    today: date,
) -> list[OpeningHours]:
    service_of = {(service.post_id, service.category.code): service for service in services}
    counter_of = {(counter.post_id, counter.number): counter for counter in counters}
    return OpeningHours.objects.bulk_create(
        [
            OpeningHours(
                counter=counter_of[post.pk, line.counter],
                service=service_of[post.pk, line.code],
                weekday=line.weekday,
                opens=line.opens,
                closes=line.closes,
                first_day=today,
            )
            for post in posts
            for line in laid_out[post.pk]
        ]
    )


def _policies(
    services: list[Service], facts: list[PostFacts], laid_out: dict[int, list[HoursFacts]], now: datetime
) -> list[ReleasePolicy]:
    working_days = {entry.key: len(entry.working_days) for entry in facts}
    return ReleasePolicy.objects.bulk_create(
        [
            first_policy(
                service,
                a_week=sum(
                    line.slots(service.duration_minutes)
                    for line in laid_out[service.post_id]
                    if line.code == service.category.code
                ),
                working_days=working_days[service.post.key],
                now=now,
            )
            for service in services
        ]
    )


def first_policy(service: Service, a_week: int, working_days: int, now: datetime) -> ReleasePolicy:
    """The policy a new service starts with: drawn, at the pace at which its slots are made.

    Args:
        service: whose policy.
        a_week: slots that its opening hours make in a week.
        working_days: days a week on which the post works.
        now: since when it holds.
    """
    a_day = max(1, round(a_week / max(1, working_days)))
    return ReleasePolicy(
        service=service,
        version=1,
        mode=ReleasePolicy.Mode.WINDOWED,
        release_from=time(8),
        release_until=time(20),
        slots_per_day=a_day,
        # A family has to fit into one release.
        largest_release=max(service.largest_group, min(20, a_day // 4)),
        late_slots_per_day=max(1, a_day // 10),
        author=AUTHOR,
        reason="First policy of a new service.",
        created_at=now,
    )
