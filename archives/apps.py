"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArchivesConfig(AppConfig):
    """Visa files, retention, erasure, copy requests, and the inventory of personal data."""

    name = "archives"
    verbose_name = _("Visa files and copies")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Letters register themselves, and so does what goes with a file and what a new key means for our tables."""
        from archives import letters as answers  # noqa: F401 - models have to be loaded first
        from archives import rotation  # noqa: F401
        from archives.copies import erased, letters  # noqa: F401
