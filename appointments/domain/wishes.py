"""Which days and hours somebody accepts."""

from dataclasses import dataclass
from datetime import date, time, timedelta

ALL_WEEKDAYS = 127


@dataclass(frozen=True)
class Wishes:
    """Accepted days and hours, in the post's local time; `weekdays` is a bit mask, bit 0 is Monday."""

    first_day: date
    last_day: date
    earliest: time = time(0, 0)
    latest: time = time(23, 59)
    weekdays: int = ALL_WEEKDAYS
    short_notice: bool = False

    def accepts(self, day: date, at: time) -> bool:
        """Whether an appointment that begins then would suit."""
        return (
            self.first_day <= day <= self.last_day
            and bool(self.weekdays >> day.weekday() & 1)
            and self.earliest <= at <= self.latest
        )

    def accepted_days(self) -> list[date]:
        """Every accepted day in order."""
        span = (self.last_day - self.first_day).days
        days = (self.first_day + timedelta(days=offset) for offset in range(span + 1))
        return [day for day in days if self.weekdays >> day.weekday() & 1]
