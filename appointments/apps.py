"""Application configuration."""

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    """Posts, slots, releases, draws, requests and bookings."""

    name = "appointments"
    default_auto_field = "django.db.models.BigAutoField"
