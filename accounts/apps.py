"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Staff: users, roles, two factors, scope and the admin site."""

    name = "accounts"
    verbose_name = _("Accounts of staff")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Letters, the receivers of sign-in signals and what a new key means here register themselves on import."""
        from accounts import letters, presence, rotation  # noqa: F401
