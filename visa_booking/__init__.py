"""The project: settings, root addresses, Celery application, health and metrics."""

from visa_booking.celery import app as celery_app

__all__ = ["celery_app"]
