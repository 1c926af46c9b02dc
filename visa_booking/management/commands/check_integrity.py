"""Derive every invariant again from the tables."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

APPS = ("mailroom", "antibot", "appointments", "archives")


class Command(BaseCommand):
    """`manage.py check_integrity`: one line per violation and exit status 1, or one line that says all is well."""

    help = "Re-derives every invariant from the tables; exit 1 and one line per violation."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Ask each application for its violations."""
        now = timezone.now()
        found = 0
        for app in APPS:
            if find_spec(f"{app}.integrity") is None:
                continue
            for line in import_module(f"{app}.integrity").violations(now):
                self.stdout.write(line)
                found += 1
        if found:
            raise SystemExit(1)
        self.stdout.write("No violation.")
