"""Application configuration."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Encryption of personal fields and blind indexes; knows nothing of what it protects."""

    name = "vault"
    default_auto_field = "django.db.models.BigAutoField"
