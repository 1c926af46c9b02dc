"""Periods as Regulation (EEC, Euratom) 1182/71 counts them."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

ONE_DAY = timedelta(days=1)


class Period(NamedTuple):
    """So many years and months; never days, so that the same date is meant."""

    years: int = 0
    months: int = 0


def last_day(event: date, period: Period) -> date:
    """The last day of a period that an event on `event` starts.

    Art. 3(1): the day of the event is not counted. Art. 3(2)(c): the period ends with the last hour of the same date
    so many years or months later, or of the last day of that month where the date does not exist (29 February, 31st).
    """
    months = event.year * 12 + event.month - 1 + period.years * 12 + period.months
    year, month = divmod(months, 12)
    return date(year, month + 1, min(event.day, monthrange(year, month + 1)[1]))


def next_working_day(day: date, is_working_day: Callable[[date], bool]) -> date:
    """Art. 3(4): a period that would end on a day off ends with the following working day."""
    while not is_working_day(day):
        day += ONE_DAY
    return day
