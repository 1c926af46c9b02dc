"""`manage.py missing_sentences APP LANGUAGE`: what a translator has to add, in the form of the catalogue."""

from __future__ import annotations

import argparse
import io
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from django.conf import settings
from django.core.management.base import BaseCommand

from visa_booking.sentences import APPS, missing


class Command(BaseCommand):
    """Print the entries that are missing; nothing where there is none."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """App and language."""
        parser.add_argument("app", choices=APPS)
        parser.add_argument("language", choices=[code for code, _ in settings.LANGUAGES])

    def handle(self, *args: Any, **options: Any) -> None:
        """Print to standard output, to be appended to the catalogue and filled in."""
        lacking = missing(options["app"], options["language"])
        catalog = Catalog(locale=options["language"])
        for (context, singular), plural in lacking.items():
            catalog.add((singular, plural) if plural else singular, context=context)
        if lacking:
            written = io.BytesIO()
            write_po(written, catalog, omit_header=True, width=0)
            self.stdout.write(written.getvalue().decode())
