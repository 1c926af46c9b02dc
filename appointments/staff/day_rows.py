"""The people expected at a post on a day: one query for the whole board."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils.translation import gettext_lazy

from appointments.domain.references import LENGTH, read_reference, spoken
from appointments.models import Booking, Place, Post
from vault.text import canonical, name_key

_ON_THE_BOARD = (Booking.State.HELD, Booking.State.CONFIRMED, Booking.State.ATTENDED, Booking.State.NO_SHOW)
_FIELDS = (
    "pk",
    "slot__local_time",
    "slot__counter__number",
    "booking__request__reference",
    "booking__reference",
    "booking__state",
    "booking__request__size",
    "booking__request__service__category__code",
    "person__family_name",
    "person__given_names",
    "outcome",
    "call__called_at",
    "call__counter__number",
)


_WORDS = dict(Place.Outcome.choices)
_UNPAID = gettext_lazy("not paid")


@dataclass(frozen=True, slots=True)
class DayRow:
    """One person at one slot, as the board shows it."""

    place: int
    at: time
    counter: int
    reference: str
    booking_reference: str
    booking_state: str
    size: int
    code: str
    family_name: str
    given_names: str
    outcome: str
    called_at: datetime | None
    called_to: int | None

    @property
    def is_paid(self) -> bool:
        """Whether the booking counts: one that waits for payment is shown, and cannot be checked in."""
        return self.booking_state != Booking.State.HELD

    @property
    def words(self) -> str:
        """What happened, in the reader's language."""
        return str(_WORDS[self.outcome] if self.is_paid else _UNPAID)

    @property
    def spoken(self) -> str:
        """The reference in groups of four."""
        return spoken(self.reference)


def day_rows(post: Post, day: date, counter: int | None = None) -> list[DayRow]:
    """Everybody expected at `post` on the local `day`, at one counter or at all, in the order of the day."""
    places = Place.objects.filter(
        slot__counter__post=post, slot__local_day=day, living=True, booking__state__in=_ON_THE_BOARD
    )
    if counter is not None:
        places = places.filter(slot__counter__number=counter)
    ordered = places.order_by("slot__local_time", "slot__counter__number", "pk")
    return [DayRow(*values) for values in ordered.values_list(*_FIELDS)]


def find(rows: list[DayRow], typed: str) -> list[DayRow]:
    """The rows that what was typed or scanned means: a reference, the code of a confirmation, or part of a name.

    Names are compared within these rows only: they are encrypted, and nobody searches all people of a post by name.
    """
    reference = reference_in(typed)
    if reference is not None:
        return [row for row in rows if reference in {row.reference, row.booking_reference}]
    words = name_key(typed).split()
    if not words or len("".join(words)) < 2:
        return []
    return [row for row in rows if _has(row, words)]


def _has(row: DayRow, words: list[str]) -> bool:
    parts = name_key(f"{row.family_name} {row.given_names}").split()
    return all(any(part.startswith(word) for part in parts) for word in words)


# What a French keyboard layout makes of the keys that a scanner with an American one presses: the most frequent
# mistake in setting a scanner up, and nobody at a counter can mend it.
_AZERTY = str.maketrans("&é\"'(-è_çàqawzQAWZ,?M!:)", "1234567890aqzwAQZWmM:/.-")


def reference_in(typed: str) -> str | None:
    """The reference in what a keyboard or scanner gave: alone, or as a part of a confirmation's address."""
    return _reference_in(canonical(typed)) or _reference_in(canonical(typed.translate(_AZERTY)))


def _reference_in(text: str) -> str | None:
    whole = read_reference(text)
    if whole is not None:
        return whole
    pieces = re.findall(rf"[0-9A-Za-z]{{{LENGTH}}}|[0-9A-Za-z]{{4}}[- ][0-9A-Za-z]{{4}}[- ][0-9A-Za-z]{{4}}", text)
    return next((found for piece in reversed(pieces) if (found := read_reference(piece))), None)


def tally(rows: list[DayRow]) -> dict[str, int]:
    """How many people are in which state, for the line above the board."""
    counts = dict.fromkeys(Place.Outcome.values, 0) | {"unpaid": 0, "waiting": 0}
    for row in rows:
        if not row.is_paid:
            counts["unpaid"] += 1
        else:
            counts[row.outcome] += 1
            came = row.outcome in {Place.Outcome.MATCH, Place.Outcome.LATE}
            counts["waiting"] += came and row.called_at is None
    return counts
