"""Sending a text message: the interface, a console for development, and plain HTTP as most providers offer it."""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import sys
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

log = logging.getLogger(__name__)
_LATER = {408, 425, 429}  # time-out, too early, too many (RFC 9110, 8470, 6585): not about this message


class NotSentError(Exception):
    """The provider did not take the message, or did not say that it did; `again`: trying later may help."""

    def __init__(self, why: str, *, again: bool = True) -> None:
        """`why` never holds the number or the text: it is logged."""
        super().__init__(why)
        self.again = again


class SmsGateway(Protocol):
    """Somebody who takes text messages."""

    def send(self, number: str, text: str, key: str) -> None:
        """Hand over `text` for `number` (E.164). `key` is the same for a repetition. Raises NotSentError."""


class ConsoleGateway:
    """Writes to standard output: development only."""

    def send(self, number: str, text: str, key: str) -> None:
        """Write the message."""
        sys.stdout.write(f"SMS to {number} [{key}]: {text}\n")
        sys.stdout.flush()


class HttpGateway:
    """POSTs `{"to", "text", "key"}` as JSON to a fixed https address with a bearer token; any 2xx is taken as sent."""

    def __init__(self, url: str, token: str, timeout: float = 10.0) -> None:
        """`timeout` is in seconds. Raises ImproperlyConfigured for an address without TLS that is not this machine."""
        parts = urlsplit(url)
        local = parts.hostname in {"127.0.0.1", "localhost"}
        if not parts.hostname or parts.scheme not in ({"https", "http"} if local else {"https"}):
            raise ImproperlyConfigured("The SMS gateway needs an https address.")
        self._host, self._port, self._tls = parts.hostname, parts.port, parts.scheme == "https"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._token, self._timeout = token, timeout

    def send(self, number: str, text: str, key: str) -> None:
        """Hand the message over; redirections are not followed."""
        body = json.dumps({"to": number, "text": text, "key": key}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}", "Idempotency-Key": key}
        link: http.client.HTTPConnection
        if self._tls:
            link = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=ssl.create_default_context()
            )
        else:
            link = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            link.request("POST", self._path, body, headers)
            status = link.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise NotSentError(type(error).__name__) from error
        finally:
            link.close()
        if not 200 <= status < 300:
            raise NotSentError(f"status {status}", again=status >= 500 or status in _LATER)


def sms_gateway() -> SmsGateway | None:
    """The gateway of this installation: `SMS_GATEWAY_URL` (and token), the console in development, else None."""
    url: str = settings.SMS_GATEWAY_URL
    if url == "console":
        return ConsoleGateway()
    return HttpGateway(url, settings.SMS_GATEWAY_TOKEN) if url else None
