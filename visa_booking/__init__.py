"""The project: settings, root addresses, Celery application, health and metrics."""

import zoneinfo

# The zone rules of the lock file, never those of the machine: two processes must not derive two instants from one
# appointment. (Morocco left UTC+1 on 20 September 2026; a system that was not updated since is an hour wrong.)
zoneinfo.reset_tzpath(to=())

from visa_booking.celery import app as celery_app  # noqa: E402  (nothing may have loaded a zone before)

__all__ = ["celery_app"]
