"""What a challenge, a limit or a code is for. A token made for one purpose is worth nothing for another."""

from datetime import timedelta
from enum import StrEnum
from typing import Final


class Purpose(StrEnum):
    """Every door that antibot guards."""

    APPLY = "apply"
    MY = "my"
    CANCEL = "cancel"
    COPY_REQUEST = "copy_request"
    DELIVERY = "delivery"
    MY_DATA = "my_data"
    REPORT = "report"
    HOLD = "hold"


# How long a right code opens a session. Cancelling and delivery each want a fresh one, so theirs only bridges the page
# on which the act is confirmed.
OPENS_FOR: Final[dict[Purpose, timedelta]] = {
    Purpose.APPLY: timedelta(minutes=30),
    Purpose.MY: timedelta(minutes=30),
    Purpose.CANCEL: timedelta(minutes=10),
    Purpose.COPY_REQUEST: timedelta(minutes=30),
    Purpose.DELIVERY: timedelta(minutes=10),
    Purpose.MY_DATA: timedelta(minutes=30),
    Purpose.REPORT: timedelta(minutes=30),
    Purpose.HOLD: timedelta(0),  # no code is ever asked for it
}

# Doors that stay shut while Valkey cannot count. Asking for a draw, looking up, paying and cancelling go on: their
# limits on codes and their rules on identities stand in the database. Taking a time that is open waits, because there
# speed would win where nobody counts. Uploading and reporting have nothing behind them but the count.
CLOSED_WITHOUT_COUNTING: Final = frozenset({Purpose.COPY_REQUEST, Purpose.REPORT, Purpose.HOLD})
