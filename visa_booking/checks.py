"""Checks of `manage.py check --deploy` that are ours."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution


@register(Tags.security, deploy=True)
def check_payment_gateway(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Real money needs a real gateway with both of its secrets."""
    if settings.PAYMENT_GATEWAY == "sandbox":
        return [Caution("VISA_PAYMENT_GATEWAY is sandbox: nobody pays anything.", id="visa_booking.W001")]
    if not (settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET):
        return [
            Error(
                "VISA_STRIPE_SECRET_KEY and VISA_STRIPE_WEBHOOK_SECRET have to be set with this gateway.",
                id="visa_booking.E001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_public_origin(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Links in letters carry this origin."""
    if not settings.PUBLIC_ORIGIN.startswith("https://"):
        return [Error("VISA_PUBLIC_ORIGIN has to begin with https://.", id="visa_booking.E002")]
    return []


@register(Tags.security, deploy=True)
def check_keys_database(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A backup of the one must not hold the keys of the other."""
    one, other = settings.DATABASES["default"], settings.DATABASES["vault_keys"]
    if all(one[part] == other[part] for part in ("HOST", "PORT", "NAME")):
        return [Error("VISA_KEYS_DATABASE_URL has to name another database.", id="visa_booking.E003")]
    return []
