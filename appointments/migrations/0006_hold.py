"""The whole act of holding a time as one statement: one round trip, and plans that a connection makes once."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

HOLD = """
CREATE FUNCTION appointments_hold(
    p_service bigint, p_chosen bigint, p_now timestamptz, p_gap interval, p_draft bigint, p_nothing bytea,
    p_ticket text, p_request_reference text, p_contact bytea, p_contact_index bytea, p_language text,
    p_booking_reference text, p_state text, p_amount integer, p_currency text, p_hold_until timestamptz,
    p_positions integer[], p_sealed bytea[], p_france_visas bytea[], p_scope text, p_identities bytea[],
    OUT outcome text, OUT request_id bigint, OUT booking_id bigint, OUT local_day date, OUT local_time time
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_size integer := cardinality(p_positions);
    v_persons bigint[] := array_fill(NULL::bigint, ARRAY[v_size]);
    v_slots bigint[] := '{}';
    v_before timestamptz;
    v_became bigint;
    v_person bigint;
    s record;
BEGIN
    IF p_draft IS NOT NULL THEN
        -- A double click waits here, and then sees what became of the first one.
        SELECT d.request_id INTO v_became FROM appointments_draft d WHERE d.id = p_draft FOR UPDATE;
        IF NOT FOUND THEN outcome := 'not_yours'; RETURN; END IF;
        IF v_became IS NOT NULL THEN outcome := 'already_entered'; request_id := v_became; RETURN; END IF;
    END IF;
    outcome := 'slot_gone';
    SELECT c.local_day, c.local_time INTO local_day, local_time
      FROM appointments_slot c WHERE c.id = p_chosen AND c.service_id = p_service;
    IF NOT FOUND THEN RETURN; END IF;
    -- In the order of the index of open slots, no further than the first that are free, past those that others take.
    FOR s IN
        SELECT o.id, o.local_time, o.starts_at FROM appointments_slot o
         WHERE o.service_id = p_service AND o.state = 'released' AND o.starts_at > p_now
           AND o.local_day = appointments_hold.local_day AND o.local_time >= appointments_hold.local_time
           AND EXISTS (SELECT FROM appointments_release r WHERE r.id = o.release_id AND r.kind = 'first_come')
         ORDER BY o.local_time, o.counter_id, o.id LIMIT v_size
           FOR UPDATE OF o SKIP LOCKED
    LOOP
        IF v_before IS NULL THEN
            IF s.local_time <> local_time THEN RETURN; END IF;
            outcome := 'no_adjacent_slots';
        ELSIF s.starts_at - v_before > p_gap THEN
            RETURN;
        END IF;
        v_before := s.starts_at;
        v_slots := v_slots || s.id;
    END LOOP;
    IF cardinality(v_slots) < v_size THEN RETURN; END IF;

    INSERT INTO appointments_request (ticket_id, reference, service_id, contact, contact_index, language, state,
            ended_reason, quota, size, draws_lost, priority_draws, first_day, last_day, earliest, latest, weekdays,
            short_notice, origin, entered_at)
        VALUES (p_ticket, p_request_reference, p_service, p_contact, p_contact_index, p_language, 'served',
            '', 'ordinary', v_size, 0, 0, local_day, local_day, local_time, '23:59:59', 127, FALSE, 'online', p_now)
        RETURNING id INTO request_id;
    -- The caller brings people in the order of their identities, so that two families wait for each other in a line.
    FOR i IN 1..v_size LOOP
        INSERT INTO appointments_person (request_id, position, family_name, given_names, birth_date, nationality,
                passport_country, passport_number, france_visas, france_visas_index, identity_scope, identity_index,
                living)
            VALUES (appointments_hold.request_id, p_positions[i], p_sealed[i][1], p_sealed[i][2], p_sealed[i][3],
                p_sealed[i][4], p_sealed[i][5], p_sealed[i][6], p_sealed[i][7], p_france_visas[i], p_scope,
                p_identities[i], TRUE)
            RETURNING id INTO v_person;
        v_persons[p_positions[i] + 1] := v_person;
    END LOOP;
    INSERT INTO appointments_booking (request_id, reference, state, origin, local_day, local_time, amount_cents,
            currency, created_at, hold_until, finished_by)
        VALUES (appointments_hold.request_id, p_booking_reference, p_state, 'first_come', appointments_hold.local_day,
            appointments_hold.local_time, p_amount, p_currency, p_now, p_hold_until, '')
        RETURNING id INTO booking_id;
    FOR i IN 1..v_size LOOP
        INSERT INTO appointments_place (booking_id, slot_id, person_id, living, outcome, outcome_by)
            VALUES (appointments_hold.booking_id, v_slots[i], v_persons[i], TRUE, 'expected', '');
    END LOOP;
    IF p_draft IS NOT NULL THEN
        UPDATE appointments_draft d SET request_id = appointments_hold.request_id, payload = p_nothing,
               updated_at = p_now WHERE d.id = p_draft;
    END IF;
    outcome := 'held';
END
$$;
"""


class Migration(migrations.Migration):
    """The rules stay where they are, in constraints and triggers; the function only saves the way there and back."""

    dependencies: ClassVar = [("appointments", "0005_till_letters_closures")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(HOLD, "DROP FUNCTION appointments_hold", elidable=False)
    ]
