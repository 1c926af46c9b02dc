"""Application configuration."""

from django.apps import AppConfig


class MailroomConfig(AppConfig):
    """Outbox of letters: written in the transaction, rendered and sent after commit."""

    name = "mailroom"
    default_auto_field = "django.db.models.BigAutoField"
