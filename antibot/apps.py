"""Application configuration."""

from django.apps import AppConfig


class AntibotConfig(AppConfig):
    """Counter-measures against capture; other apps enter by `doors` only."""

    name = "antibot"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register letters, and what a new key means for our tables."""
        from antibot import letters, rotation  # noqa: F401  (importing registers them)
