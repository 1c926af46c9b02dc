"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppointmentsConfig(AppConfig):
    """Posts, slots, releases, draws, requests and bookings."""

    name = "appointments"
    verbose_name = _("Appointments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Letters, and what a new key or a closed account means here, are registered when the app is loaded."""
        replay = import_module("antibot.queries.replay")
        replay.confirmed_among[:] = [import_module("appointments.queries.outcomes").confirmed_among]
        import_module("appointments.letters")
        import_module("appointments.rotation")
        import_module("appointments.suspicion_letters")
        import_module("appointments.versions")
