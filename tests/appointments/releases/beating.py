"""One of two beats: decides the same sixty ticks as the other, `beating.py "as it is"|control`.

The control looks first and writes afterwards, as one does without compare-and-set.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta

import django

django.setup()

from appointments.domain.chance import SeededChance  # noqa: E402
from appointments.models import Service, TickMark  # noqa: E402
from appointments.releases import ticks  # noqa: E402
from tests.processes import meet  # noqa: E402

NOON = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)


def look_then_write(service: Service, stream: str, tick: int) -> bool:
    mark = TickMark.objects.filter(service=service, stream=stream).first()
    if mark and mark.last_tick >= tick:
        return False
    time.sleep(0.003)
    TickMark.objects.update_or_create(service=service, stream=stream, defaults={"last_tick": tick})
    return True


def main() -> None:
    service = Service.objects.select_related("post").get(slug="c-tour")
    decided = 0
    if sys.argv[1] == "control":
        ticks._first_to_decide = look_then_write
        ticks.rules.opens = lambda *_: False  # the unique (service, stream, tick) of releases would stop the control
    first = ticks._first_to_decide

    def counted(one: Service, stream: str, tick: int) -> bool:
        nonlocal decided
        won = first(one, stream, tick)
        decided += won
        return won

    ticks._first_to_decide = counted
    meet("beat")
    start = time.time()
    for number in range(60):
        # Both beat every 10 ms, so that they meet at each tick.
        time.sleep(max(0.0, start + number * 0.01 - time.time()))
        ticks.release_tick(service, NOON + timedelta(seconds=30 * number), SeededChance(secrets.randbits(60)))
    sys.stdout.write(json.dumps({"decided": decided}) + "\n")


main()
