"""Settings from the environment: every name is known here, every value is checked, anything else stops the start.

A misspelt name that is silently ignored leaves a default in force that nobody chose; so an unknown name with our
prefix is an error, and so is a value that does not parse.
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PREFIX = "VISA_"

KNOWN = frozenset(
    PREFIX + name
    for name in (
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "FIELD_KEYS",
        "INDEX_KEY",
        "INDEX_KEY_FALLBACKS",
        "OTP_PEPPER",
        "OTP_PEPPER_FALLBACKS",
        "KEYS_DATABASE_URL",
        "ALLOWED_HOSTS",
        "PUBLIC_ORIGIN",
        "TRUSTED_PROXY_HOPS",
        "EMAIL_URL",
        "EMAIL_FROM",
        "CLAMD_URL",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "PAYMENT_GATEWAY",
        "SMS_GATEWAY_URL",
        "SMS_GATEWAY_TOKEN",
        "RANDOMNESS",
        "DRAND_RELAYS",
        "METRICS_NETWORKS",
        "UPLOAD_DIR",
        "PAGE_MEMORY_SECONDS",
        "LOG_LEVEL",
        "LOG_FORMAT",
        "DATABASE_MAX_AGE_SECONDS",
        "PAGE_MEMORY_SECONDS",
        "HSTS_SECONDS",
    )
)


class Environment:
    """Typed reading of `VISA_…` variables and of the few names that platforms fix (`DATABASE_URL`, `REDIS_URL`)."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values` is usually `os.environ`. Raises ImproperlyConfigured for an unknown name with our prefix."""
        self._values = values
        for name in sorted(values):
            if name.startswith(PREFIX) and name not in KNOWN:
                near = difflib.get_close_matches(name, KNOWN, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise ImproperlyConfigured(f"The environment sets {name}, which this project does not know.{hint}")

    def text(self, name: str, default: str | None = None) -> str:
        """The value of `name`; without `default` it has to be set and not empty."""
        value = self._values.get(name, "")
        if value:
            return value
        if default is None:
            raise ImproperlyConfigured(f"{name} has to be set in the environment.")
        return default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of `allowed`."""
        value = self.text(name, default)
        if value not in allowed:
            raise ImproperlyConfigured(f"{name} has to be one of {', '.join(allowed)}.")
        return value

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
        """A whole number between `least` and `most`."""
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            raise ImproperlyConfigured(f"{name} has to be a whole number from {least} to {most}.")
        return int(value)

    def words(self, name: str, default: str | None = None) -> list[str]:
        """A list written with commas; empty parts are dropped."""
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def networks(self, name: str, default: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """A list of networks in CIDR notation."""
        try:
            return [ipaddress.ip_network(word) for word in self.words(name, default)]
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} has to be a list of networks: {error}.") from error

    def keys(self, name: str, default: str | None = None) -> str:
        """Keys written `1:base64,2:base64`, each of 32 bytes; returned as written."""
        value = self.text(name, default)
        check_keys(name, value)
        return value

    def database(self, name: str, default: str | None = None) -> dict[str, Any]:
        """A Django database entry from `postgresql://user:password@host:port/name?option=value`.

        A socket directory is written as host with `%2F` or as option `host`. Other options go to libpq as they are.
        """
        value = self.text(name, default)
        parts = urlsplit(value)
        if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
            raise ImproperlyConfigured(f"{name} has to be like postgresql://user:password@host:port/name.")
        options = dict(parse_qsl(parts.query))
        host = options.pop("host", unquote(parts.hostname or ""))
        return {
            "ENGINE": "visa_booking.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": str(parts.port or options.pop("port", "")),
            "OPTIONS": options,
        }

    def email(self, name: str, default: str | None = None) -> dict[str, Any]:
        """Mail settings from `smtp://user:password@host:25`, `smtp+tls://…:587`, `smtps://…:465`."""
        parts = urlsplit(self.text(name, default))
        if parts.scheme not in {"smtp", "smtp+tls", "smtps"} or not parts.hostname:
            raise ImproperlyConfigured(f"{name} has to be like smtp+tls://user:password@host:587.")
        ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or ports[parts.scheme],
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
            "EMAIL_USE_SSL": parts.scheme == "smtps",
        }


def check_keys(name: str, value: str) -> None:
    """Refuse anything but `id:base64[,id:base64…]` with ids 1 to 255 used once and keys of 32 bytes."""
    import base64
    import binascii

    seen: set[int] = set()
    for part in value.split(","):
        identifier, separator, encoded = part.strip().partition(":")
        if not separator or not identifier.isascii() or not identifier.isdigit() or not 1 <= int(identifier) <= 255:
            raise ImproperlyConfigured(f"{name} has to be written 1:base64,2:base64 with ids from 1 to 255.")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ImproperlyConfigured(f"{name}: key {identifier} is not base64.") from error
        if len(key) != 32 or int(identifier) in seen:
            raise ImproperlyConfigured(f"{name}: key {identifier} has to be 32 bytes and named once.")
        seen.add(int(identifier))
