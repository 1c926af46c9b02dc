"""The gateways of this installation."""

from __future__ import annotations

from django.conf import settings

from antibot.payments.interface import Gateway
from antibot.payments.sandbox import SandboxGateway
from antibot.payments.stripe_checkout import StripeGateway


def gateway_named(name: str) -> Gateway | None:
    """The gateway if this installation uses it; the sandbox exists only where it is the chosen one."""
    if name != settings.PAYMENT_GATEWAY:
        return None
    return hosted_gateway()


def hosted_gateway() -> Gateway:
    """The gateway with the hosted page."""
    return SandboxGateway() if settings.PAYMENT_GATEWAY == "sandbox" else StripeGateway()
