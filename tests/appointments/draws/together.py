"""One of several processes that do a step of a draw at the same time: `together.py close|unlocked|draw PK`.

`unlocked` closes without the lock, as a control.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timedelta

import django

django.setup()

from appointments.domain.beacon import Randomness  # noqa: E402
from appointments.draws import closing, drawing  # noqa: E402
from appointments.models import Draw  # noqa: E402
from tests.appointments.draws.stage import CLOSE_AT, ROUND, ROUND_AT, ROUNDS, SECRET  # noqa: E402
from tests.processes import meet  # noqa: E402


def unlocked(pk: int, now: datetime) -> Draw | None:
    if Draw.objects.filter(state="committed").exists():
        return None
    return Draw.objects.select_related("service__post", "policy").get(pk=pk)


def main() -> None:
    step, pk = sys.argv[1], int(sys.argv[2])
    # Both wait until the other has started, and hold their first lock long enough for the other to meet it.
    meet(step)
    if step == "unlocked":
        closing._lock_due = unlocked
    if step != "draw":
        written = closing.list_lines

        def slowly(*arguments):  # type: ignore[no-untyped-def]
            time.sleep(0.5)
            return written(*arguments)

        closing.list_lines = slowly
        done = closing.close_draw(pk, CLOSE_AT, SECRET)
    else:
        after = ROUND_AT + timedelta(seconds=4)
        done = drawing.draw_now(pk, after, lambda *_: Randomness(bytes.fromhex(ROUNDS[ROUND][0])))
    sys.stdout.write(json.dumps({"did": done is not None}) + "\n")


main()
