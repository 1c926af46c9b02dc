"""Posts and what they offer, for the start page and the page of a post.

For the page's author::

    tree = start_tree()          # one query: countries in the reader's language, each with its posts
    tree.countries[0].name, .posts[0].key, .posts[0].name, .posts[0].takes_appointments
    tree.version                 # changes exactly when the tree does: key of the rendered fragment

    post = post_page("dz-alg")   # three queries; None if there is no such post
    post.services[0].label, .documents, .service_fee_cents, .mode, .is_drawn, .takes_appointments

Names are in the language that is active when the function is called.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import time
from functools import lru_cache

from babel import Locale
from django.db.models import Count, Q
from django.utils.translation import get_language, gettext

from appointments.models import Category, Post, ReleasePolicy, Service

__all__ = [
    "CountryEntry",
    "PostEntry",
    "PostPage",
    "ServiceEntry",
    "StartTree",
    "country_name",
    "post_page",
    "start_tree",
]


@dataclass(frozen=True, slots=True)
class PostEntry:
    """A post in a list."""

    key: str
    name: str
    provider: str
    is_open: bool
    closed_reason: str
    open_services: int

    @property
    def takes_appointments(self) -> bool:
        """Whether anything can be asked for here."""
        return self.is_open and self.open_services > 0


@dataclass(frozen=True, slots=True)
class CountryEntry:
    """A country and its posts, in order of their names."""

    code: str
    name: str
    posts: tuple[PostEntry, ...]


@dataclass(frozen=True, slots=True)
class StartTree:
    """Everything the start page lists."""

    countries: tuple[CountryEntry, ...]
    version: str


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A service as its post's page presents it; fees in cents, times local to the post."""

    slug: str
    scope_key: str
    label: str
    kind: str
    kind_label: str
    documents: tuple[str, ...]
    duration_minutes: int
    service_fee_cents: int
    currency: str
    consular_fee_cents: int | None
    consular_fee_note: str
    payment_deadline_hours: int
    asks_france_visas: bool
    mode: str | None
    release_from: time | None
    release_until: time | None
    claim_window_seconds: int | None
    takes_appointments: bool
    to_confirm: tuple[str, ...]

    @property
    def is_drawn(self) -> bool:
        """Whether people give wishes and are drawn, instead of choosing on a calendar."""
        return self.mode is not None and self.mode != ReleasePolicy.Mode.FIRST_COME


@dataclass(frozen=True, slots=True)
class PostPage:
    """A post with all its services, open ones first."""

    key: str
    name: str
    country: str
    country_name: str
    timezone: str
    provider: str
    consulate: str
    address: str
    contact_email: str
    languages: tuple[str, ...]
    is_open: bool
    closed_reason: str
    to_confirm: tuple[str, ...]
    services: tuple[ServiceEntry, ...]


@lru_cache(maxsize=8)
def _territories(language: str) -> dict[str, str]:
    return dict(Locale.parse(language).territories)


def country_name(code: str) -> str:
    """Name of a country in the reader's language, from the Unicode locale data; the code where it has none."""
    return _territories((get_language() or "fr")[:2]).get(code, code)


@lru_cache(maxsize=1024)
def _in_order(name: str) -> str:
    """Key for sorting names as people expect: without accents and case, so that É stands with E."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def start_tree() -> StartTree:
    """Countries, and the posts in each, by name; those where something can be asked for come first."""
    names = (f"name_{(get_language() or 'fr')[:2]}", "name_fr", "name_en")
    rows = Post.objects.annotate(open_services=Count("services", filter=Q(services__is_open=True))).values_list(
        "country", "key", "provider__name", "is_open", "closed_reason", "open_services", *names
    )
    by_country: dict[str, list[PostEntry]] = {}
    for country, key, provider, is_open, reason, open_services, *written in rows.order_by("key"):
        name = next((text for text in written if text), key)
        entry = PostEntry(key, name, provider or "", is_open, gettext(reason) if reason else "", open_services)
        by_country.setdefault(country, []).append(entry)
    countries = tuple(
        CountryEntry(
            code,
            country_name(code),
            tuple(sorted(entries, key=lambda entry: (not entry.takes_appointments, _in_order(entry.name)))),
        )
        for code, entries in by_country.items()
    )
    countries = tuple(
        sorted(
            countries,
            key=lambda country: (not any(post.takes_appointments for post in country.posts), _in_order(country.name)),
        )
    )
    return StartTree(countries, hashlib.sha256(repr(countries).encode()).hexdigest()[:20])


def post_page(key: str) -> PostPage | None:
    """A post and its services with the policies in force."""
    post = Post.objects.select_related("provider").filter(key=key).first()
    if post is None:
        return None
    in_force = (
        ReleasePolicy.objects.filter(service__post=post).order_by("service_id", "-version").distinct("service_id")
    )
    policies = {policy.service_id: policy for policy in in_force}
    services = Service.objects.filter(post=post).select_related("category").order_by("pk")
    entries = [_service(post, service, policies.get(service.pk)) for service in services]
    order = {kind: position for position, kind in enumerate(Category.Kind.values)}
    entries.sort(key=lambda entry: (not entry.takes_appointments, order[entry.kind], _in_order(entry.label)))
    return PostPage(
        key=post.key,
        name=post.name,
        country=post.country,
        country_name=country_name(post.country),
        timezone=post.timezone,
        provider=post.provider.name if post.provider else "",
        consulate=post.consulate,
        address=post.address,
        contact_email=post.contact_email,
        languages=tuple(post.languages),
        is_open=post.is_open,
        closed_reason=gettext(post.closed_reason) if post.closed_reason else "",
        to_confirm=tuple(post.to_confirm),
        services=tuple(entries),
    )


def _service(post: Post, service: Service, policy: ReleasePolicy | None) -> ServiceEntry:
    category = service.category
    return ServiceEntry(
        slug=service.slug,
        scope_key=f"{post.key}/{service.slug}",
        label=category.label,
        kind=category.kind,
        kind_label=category.get_kind_display(),
        documents=tuple(category.documents),
        duration_minutes=service.duration_minutes,
        service_fee_cents=service.service_fee_cents,
        currency=service.currency,
        consular_fee_cents=category.consular_fee_cents,
        consular_fee_note=gettext(category.consular_fee_note) if category.consular_fee_note else "",
        payment_deadline_hours=service.payment_deadline_hours,
        asks_france_visas=service.asks_france_visas,
        mode=policy.mode if policy else None,
        release_from=policy.release_from if policy else None,
        release_until=policy.release_until if policy else None,
        claim_window_seconds=policy.claim_window_seconds if policy else None,
        takes_appointments=service.is_open and post.is_open,
        to_confirm=tuple(sorted({*service.to_confirm, *category.to_confirm})),
    )
