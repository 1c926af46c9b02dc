"""Import visa files from CSV or JSON by hand."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from appointments.models import Post
from archives.importing.batches import carry_out, counts, read_batch, report
from archives.importing.reading import NotReadableError
from archives.importing.wording import FILE

CHUNK = 2000


class Command(BaseCommand):
    """`manage.py import_visa_files FILE --post KEY [--preview] [--errors FILE]`."""

    help = (
        "Checks every row, imports what is right, and writes what is not to a CSV that can be mended and brought again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, its post, and where refused rows go."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--post", required=True, metavar="KEY")
        parser.add_argument("--preview", action="store_true", help="only check")
        parser.add_argument("--errors", type=Path, metavar="FILE")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read, import, report; exit 1 where rows were refused."""
        if not Post.objects.filter(key=options["post"]).exists():
            raise CommandError(f"There is no post {options['post']}.")
        try:
            with options["file"].open("rb") as stream:
                batch = read_batch(stream, options["file"].name, options["post"], timezone.now(), None)
        except NotReadableError as error:
            raise CommandError(str(FILE[error.code])) from error
        except OSError as error:
            raise CommandError(str(error)) from error
        while not options["preview"] and not carry_out(batch, timezone.now(), CHUNK):
            self.stderr.write(_said(counts(batch)))
        found = counts(batch)
        if options["errors"]:
            options["errors"].write_text("".join(report(batch)), encoding="utf-8-sig", newline="")
        self.stdout.write(_said(found))
        if options["preview"]:
            batch.delete()
        if found.get("refused"):
            raise SystemExit(1)


def _said(found: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in found.items()) or "no rows"
