"""`manage.py demo`: demonstration data of every app that has some."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils import timezone

APPS = ("accounts", "antibot", "appointments", "archives")


class Command(BaseCommand):
    """Call `demo.build(now, say)` of each app, in import direction; `say` takes a sentence for the person."""

    help = __doc__ or ""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """One switch."""
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there is a post already")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build; each app's part is one transaction of its own and may be repeated."""
        if options["if_empty"] and apps.get_model("appointments", "Post").objects.exists():
            return
        now = timezone.now()
        for label in APPS:
            if importlib.util.find_spec(f"{label}.demo") is None:
                continue
            importlib.import_module(f"{label}.demo").build(now, self.stdout.write)
