"""Sudden changes: what a day has against what days usually have."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

from appointments.models import Figure

# Counted events of independent people scatter like a Poisson variable: four standard deviations above the mean of four
# weeks happen by chance less than once in ten thousand days. A floor keeps small posts from shouting about nothing.
_DEVIATIONS = 4
_FLOOR = 10
_USUAL_DAYS = 28
WATCHED = ("entered", "cancelled", "expired", "no_show", "mismatched", "reports")
_RARE = {"mismatched": 3, "reports": 3}


@dataclass(frozen=True)
class Alert:
    """A number far above its usual one."""

    post_id: int
    name: str
    number: int
    usual: float


def is_sudden(name: str, number: int, earlier: list[int]) -> bool:
    """Whether a day's number stands out from the numbers of the days before it (missing days count as none)."""
    mean = sum(earlier) / _USUAL_DAYS
    return number >= _RARE.get(name, _FLOOR) and number > mean + _DEVIATIONS * sqrt(max(mean, 1))


def alerts_of(day: date) -> list[Alert]:
    """What stands out on a day, over all posts."""
    rows = Figure.objects.filter(
        span=Figure.Span.DAY, service__isnull=True, first_day__range=(day - timedelta(days=_USUAL_DAYS), day)
    )
    earlier: dict[tuple[int, str], list[int]] = {}
    now: dict[tuple[int, str], int] = {}
    for row in rows.values("post_id", "first_day", *WATCHED):
        for name in WATCHED:
            if row["first_day"] == day:
                now[row["post_id"], name] = row[name]
            else:
                earlier.setdefault((row["post_id"], name), []).append(row[name])
    found = []
    for (post, name), number in sorted(now.items()):
        usual = earlier.get((post, name), [])
        if is_sudden(name, number, usual):
            found.append(Alert(post, name, number, sum(usual) / _USUAL_DAYS))
    return found
