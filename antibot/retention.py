"""What antibot forgets, and when. Each sweeper deletes at most `limit` rows and says how many it deleted.

IP addresses and what was seen with them: six months (CNIL, deliberation 2021-122, on log files). Codes and pictures:
minutes; the rows of codes stay a day, because the limits per day count them. Payments are accounts and stay ten years
(Code de commerce, art. L123-22); they hold no name and no contact.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from captcha.models import CaptchaStore
from django.db.models import Q, QuerySet

from antibot.models import (
    Act,
    Appeal,
    GuardTally,
    NetworkBlock,
    OneTimeCode,
    OutboxEvent,
    RadarCase,
    SandboxOrder,
    Sighting,
)

LOGS = timedelta(days=180)
CODES = timedelta(hours=25)
EVENTS = timedelta(days=30)
SANDBOX = timedelta(days=30)
ACTS = timedelta(days=8)
DAYS = timedelta(days=120)

Sweeper = Callable[[datetime, int], int]


def _delete(rows: QuerySet[Any], limit: int) -> int:
    model = rows.model
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    deleted: dict[str, int] = model._default_manager.filter(pk__in=keys).delete()[1]
    return deleted.get(model._meta.label, 0)


def sweep_captchas(now: datetime, limit: int) -> int:
    """Challenges whose minutes are over."""
    return _delete(CaptchaStore.objects.filter(expiration__lte=now), limit)


def sweep_codes(now: datetime, limit: int) -> int:
    """Codes, with the contact they went to, a day after the limits stopped counting them."""
    over = Q(opened_until__isnull=True) | Q(opened_until__lte=now)
    return _delete(OneTimeCode.objects.filter(over, created_at__lte=now - CODES), limit)


def sweep_blocks(now: datetime, limit: int) -> int:
    """Blocked networks, six months after the block ended."""
    return _delete(NetworkBlock.objects.filter(ends_at__lte=now - LOGS), limit)


def sweep_sightings(now: datetime, limit: int) -> int:
    """What was seen, six months later."""
    return _delete(Sighting.objects.filter(at__lte=now - LOGS), limit)


def sweep_appeals(now: datetime, limit: int) -> int:
    """Objections, six months after the decision; one that nobody decided, a year after it came."""
    decided = Q(decided_at__lte=now - LOGS)
    return _delete(Appeal.objects.filter(decided | Q(state="open", created_at__lte=now - 2 * LOGS)), limit)


def sweep_cases(now: datetime, limit: int) -> int:
    """Suspicions, six months after the decision, or after nothing more was seen."""
    decided = Q(decided_at__lte=now - LOGS)
    return _delete(RadarCase.objects.filter(decided | Q(decided_at__isnull=True, last_seen__lte=now - LOGS)), limit)


def sweep_acts(now: datetime, limit: int) -> int:
    """Recorded acts, the day after the week that previews look at."""
    return _delete(Act.objects.filter(at__lte=now - ACTS), limit)


def sweep_tallies(now: datetime, limit: int) -> int:
    """Figures of single days, after four months; those of months stay: they hold nobody."""
    return _delete(GuardTally.objects.filter(span="day", first_day__lte=(now - DAYS).date()), limit)


def sweep_events(now: datetime, limit: int) -> int:
    """Events that were consumed a month ago."""
    return _delete(OutboxEvent.objects.filter(consumed_at__lte=now - EVENTS), limit)


def sweep_sandbox(now: datetime, limit: int) -> int:
    """Orders of the pretended bank."""
    return _delete(SandboxOrder.objects.filter(created_at__lte=now - SANDBOX), limit)


SWEEPERS: Final[dict[str, Sweeper]] = {
    "captchas": sweep_captchas,
    "codes": sweep_codes,
    "blocks": sweep_blocks,
    "sightings": sweep_sightings,
    "appeals": sweep_appeals,
    "cases": sweep_cases,
    "events": sweep_events,
    "acts": sweep_acts,
    "tallies": sweep_tallies,
    "sandbox": sweep_sandbox,
}
