"""`manage.py recompute_instants`: after an update of the zone rules."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appointments.calendar.instants import recompute_instants
from appointments.domain.calendar.zones import rules_version


class Command(BaseCommand):
    """Derive the instants of future slots anew; local dates and times stay as promised."""

    help = "Derive the instants of future slots from their local date and time with the installed zone rules."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and say in one line what was done."""
        changes = recompute_instants(timezone.now())
        self.stdout.write(
            f"zone rules {rules_version()}: moved {changes.moved}, in a gap of the clock {changes.in_a_gap}"
        )
        if changes.failed:
            raise CommandError(f"Nothing was written for {', '.join(changes.failed)}: their slots would collide.")
