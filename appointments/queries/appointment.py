"""When an appointment is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from appointments.models import Booking


def starts_at(booking: Booking) -> datetime:
    """The instant (UTC) at which a booking begins, from its promised local time and today's rules of the zone."""
    zone = ZoneInfo(booking.request.service.post.timezone)
    return datetime.combine(booking.local_day, booking.local_time, tzinfo=zone).astimezone(UTC)
