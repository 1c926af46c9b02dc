"""Application configuration."""

from django.apps import AppConfig


class AntibotConfig(AppConfig):
    """Counter-measures against capture; other apps enter by `doors` only."""

    name = "antibot"
    default_auto_field = "django.db.models.BigAutoField"
