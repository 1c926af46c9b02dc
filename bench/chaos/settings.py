"""Settings of a node that is broken on purpose: letters go out by SMTP, and its clock may be wrong.

`BENCH_CLOCK` names a file that holds how many seconds the clock of this process is off. Whenever the file changes the
clock steps: every reading of the wall clock by Python (time and datetime, their C parts included) is shifted by
time-machine; monotonic clocks, other processes and PostgreSQL go on as they are.
"""

import os
import threading
import time
from pathlib import Path

from bench.settings import *  # noqa: F403  (the environment has to be complete first)

ROOT_URLCONF = "visa_booking.urls"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_TIMEOUT = 3  # production waits 15 s; the run is short
CLOCK_LOOK_SECONDS = 0.2


def _follow_clock(path: Path) -> None:
    traveller, offset = None, 0.0
    while True:
        try:
            wanted = float(path.read_text() or 0)
        except (OSError, ValueError):
            wanted = 0.0
        if wanted != offset:
            if traveller is not None:
                traveller.stop()
            traveller, offset = None, wanted
            if offset:
                traveller = time_machine.travel(time.time() + offset, tick=True)
                traveller.start()
        time.sleep(CLOCK_LOOK_SECONDS)


if os.environ.get("BENCH_CLOCK"):
    import time_machine  # before the thread, whose first import would hold everybody up

    threading.Thread(target=_follow_clock, args=(Path(os.environ["BENCH_CLOCK"]),), daemon=True).start()
