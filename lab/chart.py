"""A picture of the comparison: for each policy, the share of places that attackers got, and of people who got one."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from lab.figures import Result
from lab.statistics import Estimate

WIDTH, LEFT, RIGHT, ROW, TOP = 860, 300, 30, 34, 64
_SERIES = (
    ("slots that end with attackers", "#9b2c1f", "places that end with attackers"),
    ("people who got a place", "#0a5a50", "people who got a place"),
)


def _x(share: float) -> float:
    return LEFT + max(0.0, min(1.0, share)) * (WIDTH - LEFT - RIGHT)


def _line(x1: float, x2: float, y1: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1}" y2="{y2}" stroke="#17211d"/>'


def _bar(estimate: Estimate, y: float, colour: str) -> list[str]:
    middle = y + 5
    return [
        f'<rect x="{LEFT}" y="{y}" width="{_x(estimate.value) - LEFT:.1f}" height="10" fill="{colour}"/>',
        _line(_x(estimate.low), _x(estimate.high), middle, middle),
        *(_line(_x(end), _x(end), middle - 4, middle + 4) for end in (estimate.low, estimate.high)),
    ]


def _frame(bottom: float) -> list[str]:
    text = 'font-size="11" fill="#47534d"'
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = _x(share)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 6}" y2="{bottom}" stroke="#d7ddd9"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle" {text}>{share:.0%}</text>')
    return parts


def chart(results: Sequence[Result]) -> str:
    """The SVG: a pair of bars for each run, each with its 95 % interval."""
    bottom = TOP + ROW * len(results)
    title = "Who got the places, by policy; lines are 95 % intervals"
    size = f'viewBox="0 0 {WIDTH} {bottom + 30}" width="{WIDTH}" height="{bottom + 30}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{bottom + 30}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="15" fill="#17211d">{title}</text>',
    ]
    for number, (_, colour, words) in enumerate(_SERIES):
        at = LEFT + number * 250
        parts.append(f'<rect x="{at}" y="36" width="12" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{at + 18}" y="45" font-size="12" fill="#17211d">{words}</text>')
    parts += _frame(bottom)
    for number, result in enumerate(results):
        y = TOP + ROW * number
        label = escape(f"{result.policy} (seed {result.seed})")
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end" font-size="12" fill="#17211d">{label}</text>'
        )
        for place, (name, colour, _) in enumerate(_SERIES):
            estimate = result.estimates.get(name)
            if estimate is not None and estimate.value == estimate.value:
                parts += _bar(estimate, y + 2 + 12 * place, colour)
    return "\n".join([*parts, "</svg>", ""])
