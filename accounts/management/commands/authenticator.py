"""`manage.py authenticator KEY`: the six digits that an app would show, for a desk without a phone."""

import argparse
import base64
import binascii
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django_otp.oath import totp


class Command(BaseCommand):
    """A calculator: it knows no account and reads no database. The key is the one that the enrolment page shows."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The key, as shown."""
        parser.add_argument("key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the code of this half minute."""
        text = options["key"].replace(" ", "").upper()
        try:
            key = base64.b32decode(text + "=" * (-len(text) % 8))
        except binascii.Error as error:
            raise CommandError("This is no key: it has letters A to Z and digits 2 to 7.") from error
        self.stdout.write(f"{totp(key):06}")
