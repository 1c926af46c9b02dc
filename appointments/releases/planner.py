"""What a policy would mean: how long people would wait, and a chart of it, before anything is saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

from django.db.models import Avg, Count, F
from django.db.models.functions import Least

from appointments.domain.commitment import WEIGHT_CAP
from appointments.domain.waiting import LONGEST, Wait, thresholds, wait_from
from appointments.models import Request, Service, Slot

CHART_DAYS = 365
_STEP = 7
WEEKS_OF_HISTORY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Demand and capacity of a service.

    `requests_per_day` new requests a day, `slots_per_day` places a day, `mean_size` people a request, `backlog` the
    standing requests by weight 1 to 13, `draws_per_day` how often lots are drawn.
    """

    requests_per_day: float
    slots_per_day: float
    mean_size: float
    backlog: tuple[int, ...]
    draws_per_day: float = 1.0


@dataclass(frozen=True, slots=True)
class Outlook:
    """Expected waits in days for whoever asks on certain days from now; None inside: longer than can be said.

    `grows_by` are the requests by which the crowd grows each day where more come than can be served, else 0: then no
    rule bounds the wait, whatever the weights.
    """

    days: list[int]
    waits: list[Wait]
    crowd: list[int]
    grows_by: float

    @property
    def today(self) -> Wait:
        """For whoever asks today."""
        return self.waits[0]


def load_of(service: Service, today: date, slots_per_day: float) -> Load:
    """What the last four weeks and the requests that stand now say, for a pace of `slots_per_day`."""
    since = today - timedelta(weeks=WEEKS_OF_HISTORY)
    recent = Request.objects.filter(service=service, entered_at__date__gte=since)
    numbers = recent.aggregate(entered=Count("pk"), size=Avg("size"))
    weights = dict(
        Request.objects.filter(service=service, state=Request.State.STANDING)
        .annotate(lots=Least(1 + F("draws_lost") + F("priority_draws"), WEIGHT_CAP))
        .values_list("lots")
        .annotate(number=Count("pk"))
    )
    return Load(
        requests_per_day=numbers["entered"] / (7 * WEEKS_OF_HISTORY),
        slots_per_day=slots_per_day,
        mean_size=float(numbers["size"] or 1),
        backlog=tuple(weights.get(weight, 0) for weight in range(1, WEIGHT_CAP + 1)),
    )


def capacity_of(service: Service, today: date) -> int | None:
    """Slots a day that stand in the calendar of the next four weeks, on average over all days; None: none do."""
    ahead = (today + timedelta(days=1), today + timedelta(days=28))
    slots = Slot.objects.filter(service=service, local_day__range=ahead).exclude(state=Slot.State.REMOVED).count()
    return round(slots / 28) or None


def outlook(load: Load, progress: Callable[[int, int], None] | None = None) -> Outlook:
    """Waits for whoever asks today, and week by week for a year."""
    per_draw = 1 / load.draws_per_day
    demand = load.requests_per_day * per_draw
    places = load.slots_per_day / load.mean_size * per_draw
    shares, crowd = thresholds(load.backlog, demand, places, progress=progress)
    days = list(range(0, CHART_DAYS + 1, _STEP))
    waits, crowds = [], []
    for day in days:
        first = min(int(day * load.draws_per_day), LONGEST - 1)
        waits.append(_in_days(wait_from(shares, first), per_draw))
        crowds.append(round(crowd[first]))
    return Outlook(days, waits, crowds, max(0.0, load.requests_per_day - load.slots_per_day / load.mean_size))


def _in_days(wait: Wait, days_a_draw: float) -> Wait:
    def scaled(draws: int | None) -> int | None:
        return None if draws is None else max(1, round(draws * days_a_draw))

    mean = None if wait.mean is None else wait.mean * days_a_draw
    return Wait(mean, scaled(wait.ninety), scaled(wait.ninety_nine))


WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 300, 52, 40, 14
_DASHES = ("", "7 4", "2 4")


def chart(found: Outlook, words: Sequence[str], days_word: str, axis_word: str) -> str:
    """An SVG picture of the waits: mean, 90 % and 99 % over the day of asking. Lines differ by dashes, not by colour.

    Args:
        found: the outlook.
        words: names of the three lines in the reader's language.
        days_word: the upright axis.
        axis_word: the lower axis.
    """
    series: list[list[float | None]] = [
        [w.mean for w in found.waits],
        [w.ninety for w in found.waits],
        [w.ninety_nine for w in found.waits],
    ]
    top = max([value for line in series for value in line if value is not None], default=1.0)
    top = max(top, 1.0)
    frame = f'class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame} role="img" aria-label="{escape(days_word)}" direction="ltr">',
    ]
    parts += _axes(top, days_word, axis_word)
    for line, dash, word, row in zip(series, _DASHES, words, range(3), strict=True):
        points = " ".join(
            f"{_x(day):.1f},{_y(value, top):.1f}"
            for day, value in zip(found.days, line, strict=True)
            if value is not None
        )
        style = f'fill="none" stroke="currentcolor" stroke-width="2" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{points}" {style}/>')
        at = TOP + 20 + 18 * row
        parts.append(f'<line x1="{LEFT + 12}" x2="{LEFT + 48}" y1="{at}" y2="{at}" {style}/>')
        parts.append(f'<text x="{LEFT + 56}" y="{at + 4}" font-size="12">{escape(word)}</text>')
    return "".join([*parts, "</svg>"])


def _x(day: float) -> float:
    return LEFT + day / CHART_DAYS * (WIDTH - LEFT - 12)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP - 66)


def _axes(top: float, days_word: str, axis_word: str) -> list[str]:
    text, line = 'font-size="11"', 'stroke="currentcolor" stroke-opacity="0.25"'
    base = HEIGHT - BOTTOM
    parts = [f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{base}" y2="{base}" stroke="currentcolor"/>']
    for share in (0.0, 0.5, 1.0) if top >= 2 else (0.0, 1.0):
        at = _y(top * share, top)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{at:.1f}" y2="{at:.1f}" {line}/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end" {text}>{top * share:.0f}</text>')
    marks = (0, 90, 180, 270, 365)
    parts += [f'<text x="{_x(day):.1f}" y="{base + 16}" text-anchor="middle" {text}>{day}</text>' for day in marks]
    parts.append(f'<text x="{WIDTH - 12}" y="{HEIGHT - 6}" text-anchor="end" {text}>{escape(axis_word)}</text>')
    parts.append(f'<text x="{LEFT - 46}" y="{TOP}" {text}>{escape(days_word)}</text>')
    return parts
