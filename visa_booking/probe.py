"""Health probe of a container: an address that has to answer 200, or `heartbeat` for beat's sign of life in Valkey."""

from __future__ import annotations

import os
import sys
import urllib.request


def main(target: str) -> int:
    """0 when alive."""
    if target == "heartbeat":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.base")
        import django

        django.setup()
        from visa_booking.health import beat_is_alive

        return 0 if beat_is_alive() else 1
    with urllib.request.urlopen(target, timeout=4) as answer:  # noqa: S310  (the address is in the compose file)
        return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
