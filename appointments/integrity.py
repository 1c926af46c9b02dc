"""Every invariant of the appointments, derived again from the tables."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

# Name of the invariant → query that returns the rows which break it (first column names the row).
_CHECKS = {
    "slot given twice": """
        SELECT slot_id FROM appointments_place WHERE living GROUP BY slot_id HAVING count(*) > 1""",
    "identity living twice": """
        SELECT min(id) FROM appointments_person WHERE living
        GROUP BY identity_scope, identity_index HAVING count(*) > 1""",
    "taken slot without a living place": """
        SELECT s.id FROM appointments_slot s WHERE s.state = 'taken'
        AND NOT EXISTS (SELECT 1 FROM appointments_place p WHERE p.slot_id = s.id AND p.living)""",
    "living place on a slot that is not taken": """
        SELECT p.id FROM appointments_place p JOIN appointments_slot s ON s.id = p.slot_id
        WHERE p.living AND s.state <> 'taken'""",
    "living place of a booking that ended": """
        SELECT p.id FROM appointments_place p JOIN appointments_booking b ON b.id = p.booking_id
        WHERE p.living AND b.state IN ('cancelled', 'expired')""",
    "living booking without its places": """
        SELECT b.id FROM appointments_booking b JOIN appointments_request r ON r.id = b.request_id
        WHERE b.state IN ('held', 'confirmed', 'attended', 'no_show') AND r.size <>
              (SELECT count(*) FROM appointments_place p WHERE p.booking_id = b.id AND p.living)""",
    "living booking of a request that is not served": """
        SELECT b.id FROM appointments_booking b JOIN appointments_request r ON r.id = b.request_id
        WHERE b.state IN ('held', 'confirmed') AND r.state <> 'served'""",
    "served request without a booking": """
        SELECT r.id FROM appointments_request r WHERE r.state = 'served'
        AND NOT EXISTS (SELECT 1 FROM appointments_booking b
                        WHERE b.request_id = r.id AND b.state NOT IN ('cancelled', 'expired'))""",
    "request of another size than its people": """
        SELECT r.id FROM appointments_request r WHERE r.state <> 'ended' AND r.size <>
              (SELECT count(*) FROM appointments_person p WHERE p.request_id = r.id)""",
    "person living in a request that ended, or dead in one that stands": """
        SELECT p.id FROM appointments_person p JOIN appointments_request r ON r.id = p.request_id
        WHERE p.living = (r.state = 'ended')""",
    "booking at another time than its first slot": """
        SELECT b.id FROM appointments_booking b
        WHERE b.state IN ('held', 'confirmed') AND (b.local_day, b.local_time) <>
              (SELECT s.local_day, min(s.local_time) FROM appointments_place p
               JOIN appointments_slot s ON s.id = p.slot_id WHERE p.booking_id = b.id GROUP BY s.local_day)""",
    "pool counter off": """
        SELECT coalesce(d.service_id, s.service_id) FROM appointments_poolday d FULL JOIN
              (SELECT service_id, local_day, count(*) AS n FROM appointments_slot
               WHERE state IN ('pooled', 'withheld') GROUP BY 1, 2) s USING (service_id, local_day)
        WHERE coalesce(d.count, 0) <> coalesce(s.n, 0)""",
    "confirmed booking without its money": """
        SELECT b.id FROM appointments_booking b WHERE b.state = 'confirmed' AND b.amount_cents > 0
        AND NOT EXISTS (SELECT 1 FROM antibot_payment p WHERE p.subject = 'booking:' || b.reference
                        AND p.state = 'paid' AND (p.amount_cents, p.currency) = (b.amount_cents, b.currency))
        AND NOT EXISTS (SELECT 1 FROM antibot_outboxevent e WHERE e.subject = 'booking:' || b.reference
                        AND e.consumed_at IS NULL)""",
    "money kept for a booking that never was or lapsed": """
        SELECT p.id FROM antibot_payment p LEFT JOIN appointments_booking b ON p.subject = 'booking:' || b.reference
        WHERE p.state = 'paid' AND p.subject LIKE 'booking:%%' AND (b.id IS NULL OR b.state IN ('held', 'expired'))
        AND p.paid_at > now() - interval '180 days'  -- older bookings are erased, their accounts stay
        AND NOT EXISTS (SELECT 1 FROM antibot_outboxevent e WHERE e.subject = p.subject AND e.consumed_at IS NULL)""",
    "slot in a draw that is over": """
        SELECT s.id FROM appointments_slot s JOIN appointments_release r ON r.id = s.release_id
        JOIN appointments_draw d ON d.id = r.draw_id
        WHERE s.state = 'in_draw' AND d.state IN ('drawn', 'empty')""",
    "release of another size than it says": """
        SELECT r.id FROM appointments_release r JOIN appointments_draw d ON d.id = r.draw_id
        WHERE d.state = 'collecting' AND r.slots_count <>
              (SELECT count(*) FROM appointments_slot s WHERE s.release_id = r.id)""",
}
# Those that hold only some minutes after `now`, when the sweeps have run.
_OVERDUE = {
    "hold past its end": """
        SELECT id FROM appointments_booking WHERE state = 'held' AND hold_until < %(now)s - interval '15 minutes'""",
    "draft past its day": """
        SELECT id FROM appointments_draft WHERE updated_at < %(now)s - interval '2 days'""",
}


def violations(now: datetime) -> Iterator[str]:
    """One line per violation; `now` is a UTC instant. Names rows by id, never by what they hold."""
    with connection.cursor() as cursor:
        for name, query in (_CHECKS | _OVERDUE).items():
            cursor.execute(query, {"now": now})
            for row, *_rest in cursor.fetchmany(50):
                yield f"appointments: {name}: {row}"
