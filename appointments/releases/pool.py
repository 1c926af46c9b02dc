"""Finding the picked slots in the pool, at a cost that does not grow with the pool.

A day of the pool may hold tens of thousands of slots, and an OFFSET walks over all rows before it. So slots are
first guessed: uniform numbers between the day's smallest and largest id, of which the first that is in the pool is
taken. A guess that is thrown away favours nobody, so the pick stays uniform. Only where too many guesses miss (few
pooled ids among many others) does the walk follow, and there it may be long only if the ids of many days are mixed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.db import connection

from appointments.domain.chance import Chance, distinct
from appointments.domain.release import Pick
from appointments.models import PoolDay

WALK_AT_MOST = 200
"""Days with at most so many pooled slots are walked: that is as quick as guessing."""
GUESSES_A_SLOT = 64

_BOUNDS = """
    SELECT min(id), max(id) FROM appointments_slot
     WHERE service_id = %s AND local_day = %s AND state IN ('pooled', 'withheld')
"""
_GUESSED = """
    SELECT id FROM appointments_slot
     WHERE id = ANY(%s) AND service_id = %s AND local_day = %s AND state IN ('pooled', 'withheld')
"""
_WALKED = """
    SELECT found.id
      FROM unnest(%s::int[]) AS wanted(place)
      CROSS JOIN LATERAL (
            SELECT id FROM appointments_slot
             WHERE service_id = %s AND local_day = %s AND state IN ('pooled', 'withheld') AND NOT (id = ANY(%s))
             ORDER BY id OFFSET wanted.place LIMIT 1) AS found
"""


def counts(service_id: int, first: date, last: date) -> list[tuple[date, int]]:
    """Pooled slots for each day of the window that has some, in order of days."""
    rows = PoolDay.objects.filter(service_id=service_id, local_day__range=(first, last), count__gt=0)
    return list(rows.order_by("local_day").values_list("local_day", "count"))


def slot_ids(service_id: int, picks: Sequence[Pick], numbers: dict[date, int], chance: Chance) -> list[int]:
    """The ids of the picked slots: every set of slots of the pool is equally likely.

    In small days the picks say which slots by their place. In large days they only say how many, and which ones is
    decided here with the same chance. `numbers` are the pooled slots of each day. Fewer ids come back if somebody
    removed slots in the meantime.
    """
    places: dict[date, list[int]] = defaultdict(list)
    for one in picks:
        places[one.day].append(one.offset)
    found: list[int] = []
    for day, offsets in sorted(places.items()):
        if numbers[day] <= WALK_AT_MOST:
            found += _walk(service_id, day, offsets, [])
            continue
        chosen = _guess(service_id, day, len(offsets), chance)
        missing = len(offsets) - len(chosen)
        if missing:
            chosen += _walk(service_id, day, distinct(chance, numbers[day] - len(chosen), missing), chosen)
        found += chosen
    return found


def _guess(service_id: int, day: date, wanted: int, chance: Chance) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, [service_id, day])
        low, high = cursor.fetchone()
        if low is None:
            return []
        guesses = [low + chance.randrange(high - low + 1) for _ in range(GUESSES_A_SLOT * wanted)]
        cursor.execute(_GUESSED, [guesses, service_id, day])
        pooled = {row[0] for row in cursor.fetchall()}
    hits = [guess for guess in dict.fromkeys(guesses) if guess in pooled]
    return hits[:wanted]


def _walk(service_id: int, day: date, places: list[int], without: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_WALKED, [places, service_id, day, without])
        return [row[0] for row in cursor.fetchall()]
