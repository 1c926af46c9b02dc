"""Application configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Staff: users, roles, two factors, scope and the admin site."""

    name = "accounts"
    verbose_name = _("Accounts of staff")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Letters and the receivers of sign-in signals register themselves on import."""
        from accounts import letters, presence  # noqa: F401
