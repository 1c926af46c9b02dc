"""A post that closes while a draw runs: its slots leave the draw, and nobody's result is bent by it.

Before the list is public they simply do not enter it. Afterwards list and result stay as published: were the draw
computed again without them, whoever closes a counter could choose among outcomes after the randomness is known. A
winner whose slot has gone keeps standing, with the highest weight there is. See docs/draw-protocol.md, section 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import connection

from appointments.models import Draw, Post

# Twelve draws lost are the most that count (weight 13): whoever the post sent home starts with all of them.
PRIORITY_DRAWS: Final = 12

_TAKE_OUT = """
    UPDATE appointments_slot s SET state = 'removed', release_id = NULL
      FROM appointments_release r, appointments_counter k, appointments_closure x
     WHERE r.id = s.release_id AND r.draw_id = %s AND s.state = 'in_draw' AND k.id = s.counter_id
       AND x.post_id = k.post_id AND (x.counter_id IS NULL OR x.counter_id = s.counter_id)
       AND s.local_day BETWEEN x.first_day AND x.last_day
       AND (x.starts IS NULL OR x.ends IS NULL
            OR (s.local_time < x.ends AND s.ends_at - s.starts_at > x.starts - s.local_time))
    RETURNING s.id
"""
_CREDIT = """
    UPDATE appointments_request SET priority_draws = greatest(priority_draws, %s)
     WHERE ticket_id = ANY(%s) AND state = 'standing' RETURNING reference
"""


def lock_draws_of(post: Post) -> int:
    """Wait for lists and draws of a post that are being written, and keep others out until the transaction ends.

    Whoever closes a post calls this first: a draw has then either given its slots away (and its bookings are seen), or
    will see the closure. Returns how many draws are living.
    """
    living = (Draw.State.COLLECTING, Draw.State.COMMITTED)
    rows = Draw.objects.select_for_update(of=("self",), no_key=True).filter(service__post=post, state__in=living)
    return len(rows.order_by("pk").values_list("pk", flat=True))


def take_out_closed(draw: Draw) -> frozenset[int]:
    """Remove the slots of a draw that lie within a closure of their post or counter; returns their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OUT, [draw.pk])
        return frozenset(row[0] for row in cursor.fetchall())


def credit(winners: Sequence[tuple[str, tuple[int, ...]]]) -> list[str]:
    """Give the highest weight to winners that still stand, since their slots could not be given; their references.

    Called after the outcome was applied: the post closes then, a slot was removed, or a late beacon has let it pass.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CREDIT, [PRIORITY_DRAWS, [ticket for ticket, _slots in winners]])
        return [row[0] for row in cursor.fetchall()]
