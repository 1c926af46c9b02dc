"""`manage.py export_draw ID > file`: the public record of a draw."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from appointments.draws.record import NoRecordError, record_of
from appointments.models import Draw


class Command(BaseCommand):
    """Writes the record's bytes, exactly as they were hashed."""

    help = "Writes the public record of a draw to standard output."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The draw's number, as on its page."""
        parser.add_argument("draw", type=int, metavar="ID")

    def handle(self, *args: Any, draw: int, **options: Any) -> None:
        """Write the list, and the result if it was drawn."""
        found = Draw.objects.filter(pk=draw).first()
        if found is None:
            raise CommandError(f"There is no draw {draw}.")
        try:
            for chunk in record_of(found):
                self.stdout.write(chunk.decode("ascii"), ending="")
        except NoRecordError as error:
            raise CommandError(str(error)) from error
