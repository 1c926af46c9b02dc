"""Erase what is due, or say what would go."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from archives.erasure.residue import ResidueFoundError
from archives.erasure.run import BATCH, run_erasure
from archives.queries.coming import would_go


class Command(BaseCommand):
    """`manage.py purge [--dry-run [--now ISO]] [--batch N]`."""

    # Checks of the whole project load every page of it: a third of the start, for a command that shows none.
    requires_system_checks = ()
    help = "Erases every visa file, part, record and row of other applications whose day has come."

    def add_arguments(self, parser: CommandParser) -> None:
        """Another instant is for a dry run alone: nothing is erased early."""
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--now", metavar="ISO", help="instant with offset; only with --dry-run")
        parser.add_argument("--batch", type=int, default=BATCH)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run, or list."""
        now = timezone.now()
        if options["now"]:
            if not options["dry_run"]:
                raise CommandError("Another instant is for a dry run: erasure follows the clock.")
            now = _instant(options["now"])
        if options["dry_run"]:
            for row in would_go(now):
                self.stdout.write(json.dumps(row, ensure_ascii=False))
            return
        if options["batch"] < 1:
            raise CommandError("A batch has at least one file.")
        try:
            run = run_erasure(now, options["batch"])
        except ResidueFoundError as found:
            raise CommandError(str(found)) from found
        self.stdout.write(
            json.dumps(
                {
                    "run": run.pk,
                    "for_day": run.for_day.isoformat(),
                    "erased_files": run.erased_files,
                    "missed_nights": run.missed_nights,
                    "files_without_decision": run.stale_files,
                }
            )
        )


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is not an ISO instant.") from error
    if instant.tzinfo is None:
        raise CommandError(f"{text} has no offset: its day is unknown.")
    return instant
