"""Figures of the counter-measures for dashboards: one read of rows that were counted before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum
from django.utils.translation import gettext as _

from antibot.models import GuardTally

Kind, Outcome = GuardTally.Kind, GuardTally.Outcome
CHALLENGES = (Kind.PICTURE, Kind.HARDER, Kind.SOUND, Kind.PROOF, Kind.MAIL, Kind.SMS)
_RESULTS = (Outcome.ISSUED, Outcome.PASSED, Outcome.FAILED)


@dataclass(frozen=True)
class GuardFigures:
    """What happened in a period."""

    days: list[date]  # days or months, in order
    challenges: list[tuple[str, list[int]]]  # issued, passed, failed: name and a number for each day
    kinds: list[tuple[str, list[int]]]  # each kind of challenge: issued, passed, failed
    events: list[tuple[str, int]]  # blocks, suspected groups, and what became of them


def guard_figures(post_keys: Sequence[str], span: str, first: date, last: date) -> GuardFigures:
    """Sums for some posts (`""`: where no post was known) from `first` to `last`, by day or month of UTC."""
    rows = (
        GuardTally.objects.filter(span=span, post_key__in=post_keys, first_day__range=(first, last))
        .order_by()
        .values_list("first_day", "kind", "outcome")
        .annotate(total=Sum("number"))
    )
    sums: Counter[tuple[str, str]] = Counter()
    by_day: Counter[tuple[date, str]] = Counter()
    for day, kind, outcome, total in rows:
        sums[kind, outcome] += total
        if kind in CHALLENGES:
            by_day[day, outcome] += total
    days = sorted({day for day, _outcome in by_day})
    return GuardFigures(
        days,
        [(str(result.label), [by_day[day, result] for day in days]) for result in _RESULTS],
        [(str(kind.label), [sums[kind, result] for result in _RESULTS]) for kind in CHALLENGES],
        _events(sums),
    )


def _events(sums: Counter[tuple[str, str]]) -> list[tuple[str, int]]:
    return [
        (_("forms slowed down"), sums[Kind.ACT, Outcome.SLOWED]),
        (_("forms too many at once"), sums[Kind.ACT, Outcome.CAPPED]),
        (_("forms of blocked networks"), sums[Kind.ACT, Outcome.BLOCKED]),
        (_("networks blocked"), sums[Kind.NETWORK, Outcome.BLOCKED]),
        (_("of these ended by staff"), sums[Kind.NETWORK, Outcome.LIFTED]),
        (_("suspected groups found"), sums[Kind.CASE, Outcome.OPENED]),
        (_("groups whose people were told"), sums[Kind.CASE, Outcome.NOTIFIED]),
        (_("groups dismissed"), sums[Kind.CASE, Outcome.DISMISSED]),
        (_("groups upheld"), sums[Kind.CASE, Outcome.UPHELD]),
        (_("forged messages of payment services"), sums[Kind.WEBHOOK, Outcome.FAILED]),
    ]
