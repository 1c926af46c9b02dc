"""After a new master key: wrap every file's key with it."""

from typing import Any

from django.core.management.base import BaseCommand

from archives.sealing import rewrap

CHUNK = 1000


class Command(BaseCommand):
    """`manage.py rotate_file_keys`; safe to interrupt and to repeat."""

    help = "Wraps the keys of visa files with the newest key of VISA_FIELD_KEYS; then the old one can be taken out."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Until none is left."""
        total = 0
        while count := rewrap(CHUNK):
            total += count
        self.stdout.write(f"{total} keys wrapped anew.")
