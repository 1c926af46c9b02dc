"""Application configuration."""

from django.apps import AppConfig


class VisaBookingConfig(AppConfig):
    """The project as an application, so that its commands and system checks are found."""

    name = "visa_booking"

    def ready(self) -> None:
        """Register the deployment checks."""
        from visa_booking import checks  # noqa: F401  (importing registers them)
