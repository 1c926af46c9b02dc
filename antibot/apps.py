"""Application configuration."""

from django.apps import AppConfig


class AntibotConfig(AppConfig):
    """Counter-measures against capture; other apps enter by `doors` only."""

    name = "antibot"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register letters."""
        from antibot import letters  # noqa: F401  (importing registers them)
