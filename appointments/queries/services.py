"""A service with its post and category, as a page needs it at every request."""

import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from appointments.models import Category, Post, Provider, ReleasePolicy, Service
from appointments.queries.policies import is_drawn, policy_in_force
from vault.rows import first

__all__ = ["forget", "known_drawn", "known_policy", "known_service", "service_at"]

_BY_KEY = "WHERE id = %s"
# What staff change counts for forms that are being filled in within seconds, as with the counter-measures. Slots and
# identities are decided in the transaction. Each process remembers for itself: within these seconds after a change a
# hold may have another fee than the page before it; the page to pay shows the one of the hold.
_KEEP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    service: Service
    policy: ReleasePolicy | None


_known: dict[int, _Known] = {}
_addresses: dict[tuple[str, str], tuple[float, int]] = {}
_guard = threading.Lock()


def _look_up(pk: int) -> _Known:
    now = time.monotonic()
    kept = _known.get(pk) if settings.PAGE_MEMORY_SECONDS else None
    if kept is not None and now < kept.until:
        return kept
    service = _whole(pk)
    found = _Known(now + _KEEP_SECONDS, service, policy_in_force(service))
    if settings.PAGE_MEMORY_SECONDS:
        with _guard:
            _known[pk] = found
    return found


def _whole(pk: int) -> Service:
    # Four plain look-ups: to plan the join of their tables takes PostgreSQL longer than to carry all of them out.
    service = first(Service, _BY_KEY, [pk])
    if service is None:
        raise Service.DoesNotExist
    post, category = first(Post, _BY_KEY, [service.post_id]), first(Category, _BY_KEY, [service.category_id])
    assert post is not None and category is not None  # noqa: S101, PT018 - foreign keys; narrows the type
    if post.provider_id is not None:
        post.provider = first(Provider, _BY_KEY, [post.provider_id])
    service.post, service.category = post, category
    return service


def forget() -> None:
    """Look everything up again at the next question."""
    with _guard:
        _known.clear()
        _addresses.clear()


_AT = """
    SELECT id FROM appointments_service
     WHERE slug = %s AND post_id = (SELECT id FROM appointments_post WHERE key = %s)
"""


def service_at(post_key: str, slug: str) -> Service | None:
    """The service at an address, as it was at most five seconds ago; None where there is none. For reading only."""
    now, address = time.monotonic(), (post_key, slug)
    until, pk = _addresses.get(address, (0.0, 0)) if settings.PAGE_MEMORY_SECONDS else (0.0, 0)
    if now < until:
        return known_service(pk)
    with connection.cursor() as cursor:
        cursor.execute(_AT, [slug, post_key])
        row = cursor.fetchone()
    if row is None:
        return None  # not remembered: who invents addresses fills no memory
    if settings.PAGE_MEMORY_SECONDS:
        with _guard:
            _addresses[address] = (now + _KEEP_SECONDS, row[0])
    return known_service(row[0])


def known_service(pk: int) -> Service:
    """The service, as it was at most five seconds ago; for reading only, threads share it.

    Whether a slot may be taken is not decided by it but by the slot, in the transaction.
    """
    return _look_up(pk).service


def known_policy(pk: int) -> ReleasePolicy | None:
    """The policy that was in force at most that long ago."""
    return _look_up(pk).policy


def known_drawn(pk: int) -> bool:
    """Whether wishes are given and drawn, by the policy that was in force at most that long ago."""
    return is_drawn(_look_up(pk).policy)
