"""Dates of worked examples: one JSON object a line."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from archives.dating import erasure_day, policy
from archives.domain.retention.printed import answer


class Command(BaseCommand):
    """`manage.py retention_dates FILE`."""

    help = "Reads {'vectors': [{'id', 'profile', 'events'}]} and prints the retention dates of each history."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print one line a history; exit 1 where one was refused."""
        try:
            vectors = json.loads(options["file"].read_text())["vectors"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"Not a file of vectors: {error}") from error
        today, refused = erasure_day(timezone.now()), False
        for vector in vectors:
            found = answer(vector, policy(), today)
            refused |= "refused" in found
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        if refused:
            raise SystemExit(1)
