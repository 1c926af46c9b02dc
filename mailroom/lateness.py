"""Whether letters are late at the moment, so that pages can say so instead of letting people wait for nothing."""

import threading
import time
from datetime import datetime, timedelta

from django.db import connection

LATE = timedelta(minutes=2)
REMEMBERED_SECONDS = 5.0
# How a mail server that is away shows itself. An address that does not exist is another matter, and one person's own.
SERVER_AWAY = (
    "ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError", "TimeoutError", "OSError", "gaierror",
    "SMTPServerDisconnected", "SMTPConnectError", "SMTPHeloError", "SMTPAuthenticationError", "SMTPSenderRefused",
    "SSLError",
)  # fmt: skip
# Served by the index of waiting letters, which holds what waits and nothing else.
_LATE = """
    SELECT EXISTS (SELECT FROM mailroom_letter WHERE state IN ('waiting', 'sending') AND created_at < %(since)s
                   AND (last_error = ANY(%(away)s) OR (last_error = '' AND not_before < %(since)s)))
"""

_guard = threading.Lock()
_known: tuple[float, bool] = (0.0, False)


def letters_are_late(now: datetime) -> bool:
    """Whether a letter waits for more than two minutes, for want of a mail server or of a worker.

    The database is asked every few seconds in a process, however many pages want to know.
    """
    global _known  # noqa: PLW0603 - one memory a process
    until, late = _known
    if time.monotonic() < until:
        return late
    with _guard, connection.cursor() as cursor:
        cursor.execute(_LATE, {"since": now - LATE, "away": list(SERVER_AWAY)})
        (late,) = cursor.fetchone()
        _known = (time.monotonic() + REMEMBERED_SECONDS, late)
    return bool(late)


def forget() -> None:
    """Ask at the next question."""
    global _known  # noqa: PLW0603
    _known = (0.0, False)
