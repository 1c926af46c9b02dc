"""Run a step of a draw in processes that are killed at every statement, one after the other, and then to its end.

Started by a test on its own databases: `crashing.py close|draw PK`. For n = 1, 2, … a child process runs the step and
is killed by SIGKILL when its n-th statement has just been carried out (and n = 0: before the first). After each death
the tables have to be as they were. The child that is not killed any more finishes; its outcome has to be that of a run
that nobody ever killed. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import timedelta

import django

django.setup()

from django.db import connection, connections, transaction  # noqa: E402

from appointments.domain.beacon import Randomness  # noqa: E402
from appointments.draws.closing import close_draw  # noqa: E402
from appointments.draws.drawing import draw_now  # noqa: E402
from tests.appointments.draws.stage import CLOSE_AT, ROUND, ROUND_AT, ROUNDS, SECRET  # noqa: E402

AFTER = ROUND_AT + timedelta(seconds=4)
# What must be equal: everything except numbers that a sequence gave and references made by chance.
FINGERPRINT = """
    SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
        SELECT row(d.id, d.state, d.list_hash, d.result_hash, d.randomness, d.drawn_at, d.winners_count,
                   d.assigned_count)::text AS line FROM appointments_draw d
        UNION ALL SELECT row(c.draw_id, c.part, c.body)::text FROM appointments_drawdocument c
        UNION ALL SELECT row(s.id, s.state, s.release_id, s.quota, s.returned_at)::text FROM appointments_slot s
        UNION ALL SELECT row(q.id, q.state, q.draws_lost)::text FROM appointments_request q
        UNION ALL SELECT row(b.request_id, b.state, b.hold_until, b.draw_id)::text FROM appointments_booking b
        UNION ALL SELECT row(b.request_id, p.slot_id, p.person_id, p.living)::text
                    FROM appointments_place p JOIN appointments_booking b ON b.id = p.booking_id
        UNION ALL SELECT row(l.kind, l.subject_key, l.dedupe)::text FROM mailroom_letter l
        UNION ALL SELECT row(n.service_id, n.local_day, n.count)::text FROM appointments_poolday n) AS lines
"""


def fingerprint() -> str:
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT)
        return str(cursor.fetchone()[0])


def run(step: str, pk: int) -> None:
    if step == "close":
        assert close_draw(pk, CLOSE_AT, SECRET) is not None
    else:
        assert draw_now(pk, AFTER, lambda *_: Randomness(bytes.fromhex(ROUNDS[ROUND][0]))) is not None


def expected(step: str, pk: int) -> str:
    """The outcome of a run that nobody kills, undone afterwards."""
    with transaction.atomic():
        run(step, pk)
        found = fingerprint()
        transaction.set_rollback(True)
    return found


def killed_after(number: int, step: str, pk: int) -> bool:
    """Run the step in a child that dies when its `number`-th statement is done; False: it came to its end alive."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        done = 0

        def count(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
            nonlocal done
            if number == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            result = execute(sql, params, many, context)
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        try:
            with connection.execute_wrapper(count):
                run(step, pk)
        except BaseException as error:  # noqa: BLE001 - the child must never run on into the parent's code
            sys.stderr.write(f"{error!r}\n")
            sys.stderr.flush()
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, f"the child ended with {status}"
    return False


def main() -> None:
    step, pk = sys.argv[1], int(sys.argv[2])
    goal, start = expected(step, pk), fingerprint()
    deaths, torn = 0, 0
    deadline = time.monotonic() + 60
    while killed_after(deaths, step, pk):
        torn += fingerprint() != start
        deaths += 1
        assert time.monotonic() < deadline
    found = {"deaths": deaths, "torn": torn, "as_without": fingerprint() == goal, "moved": goal != start}
    sys.stdout.write(json.dumps(found) + "\n")


main()
