"""The web server as it runs everywhere: `python -m visa_booking.serve [--host 0.0.0.0] [--port 8000] [--workers 2]`.

The application is imported once, and its workers are forked from there: they share the memory of all that is never
written again (code, templates, translations). There are two of them even on a small machine, so that whoever books does
not wait in one process, behind one lock of the interpreter, for all who only look.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

WORKERS = 2
BLOCKING_THREADS = 8
# A hold lets go of the interpreter at each way to PostgreSQL and Valkey, a dozen times. While another thread renders a
# page, it got it back each time after 5 ms, Python's default.
SWITCH_SECONDS = 0.0005


def _import_application() -> None:
    """Everything that each worker would import and read for itself: application, addresses, translations."""
    from django.conf import settings
    from django.urls import get_resolver
    from django.utils.translation import override

    from visa_booking import wsgi  # noqa: F401

    for pattern in get_resolver().url_patterns:
        getattr(pattern, "url_patterns", None)
    for code, _name in settings.LANGUAGES:
        with override(code):
            pass


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m visa_booking.serve", description="The web server.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=WORKERS)
    wanted = parser.parse_args()
    multiprocessing.set_start_method("fork")
    sys.setswitchinterval(SWITCH_SECONDS)
    _import_application()
    gc.collect()
    gc.freeze()  # a collection in a worker would write to the pages that it shares
    Granian(
        "visa_booking.wsgi:application",
        address=wanted.host,
        port=wanted.port,
        interface=Interfaces.WSGI,
        workers=wanted.workers,
        blocking_threads=BLOCKING_THREADS,
        blocking_threads_idle_timeout=600,
        backlog=2048,
        websockets=False,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
