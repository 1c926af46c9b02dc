"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AntibotConfig(AppConfig):
    """Counter-measures against capture; other apps enter by `doors` only."""

    name = "antibot"
    verbose_name = _("Counter-measures and payments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register letters, and what a new key means for our tables."""
        from antibot import letters, rotation  # noqa: F401  (importing registers them)
