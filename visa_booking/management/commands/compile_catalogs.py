"""`manage.py compile_catalogs`: translations to the binary form that Django reads, without the gettext programs."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Compile every `locale/*/LC_MESSAGES/django.po` of the project that is newer than its `.mo`."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []  # runs before the database is there

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """`--all` compiles even what looks up to date."""
        parser.add_argument("--all", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compile; refuse a catalogue that does not parse."""
        root = Path(settings.BASE_DIR)
        done = 0
        for source in sorted([*root.glob("*/locale/*/LC_MESSAGES/django.po"), *root.glob("locale/*/LC_MESSAGES/*.po")]):
            target = source.with_suffix(".mo")
            if not options["all"] and target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
                continue
            compile_one(source, target)
            done += 1
        if options["verbosity"]:
            self.stdout.write(f"{done} catalogues compiled")


def compile_one(source: Path, target: Path) -> None:
    """Compile one catalogue; replaced in one step, so that a process that reads it never sees half of it."""
    with source.open("rb") as stream:
        try:
            catalog = read_po(stream, locale=source.parts[-3], abort_invalid=True)
        except PoFileError as error:
            raise CommandError(f"{source}: {error}") from error
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".catalog-")
    with os.fdopen(handle, "wb") as stream:
        write_mo(stream, catalog)
    Path(name).chmod(0o644)
    Path(name).replace(target)
