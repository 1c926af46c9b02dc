"""`manage.py rotate_keys`: what stands under which key, and new keys for old rows."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from vault import rotation
from vault.keys import current_key_id, field_keys

PASSES = 20  # over rows that the application held at the moment of the one before


class Command(BaseCommand):
    """Each part may be killed and started again; `docs/operations.md` says what comes before and after it."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """What to rotate, and how."""
        parser.add_argument("what", choices=["status", "fields", "index", "secret", "pepper"])
        parser.add_argument("--dry-run", action="store_true", help="say what would be done")
        parser.add_argument("--batch", type=int, default=500, help="rows in one transaction")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Dispatch."""
        if options["batch"] < 1:
            raise CommandError("--batch has to be at least 1.")
        getattr(self, f"_{options['what']}")(dry_run=options["dry_run"], batch=options["batch"])

    def _status(self, **_: Any) -> None:
        current = current_key_id()
        self.stdout.write(f"Field keys: {', '.join(map(str, sorted(field_keys())))}; {current} encrypts.")
        needed = {current}
        for table in rotation.sealed_tables():
            counts = rotation.keys_in_use(table)
            needed |= set(counts)
            said = ", ".join(f"{count} under {key_id}" for key_id, count in sorted(counts.items())) or "empty"
            self.stdout.write(f"  {table.model._meta.label}: {said}")
        spare, missing = sorted(set(field_keys()) - needed), sorted(needed - set(field_keys()))
        if spare:
            self.stdout.write(f"  No value needs {', '.join(map(str, spare))} any more: it can be taken out.")
        if missing:
            self.stdout.write(f"  MISSING: values stand under {', '.join(map(str, missing))}, which is not configured.")
        in_force = rotation.index_key_in_force()
        same = "is that of the rows" if in_force == rotation.fingerprint() else "IS NOT that of the rows: rotate index"
        self.stdout.write(f"Index key {rotation.fingerprint()} {same}.")
        self.stdout.write(f"Sessions under an earlier secret key: {rotation.resign(dry_run=True)}.")
        self.stdout.write(f"Earlier peppers: {len(settings.OTP_PEPPER_FALLBACKS)}.")

    def _fields(self, *, dry_run: bool, batch: int) -> None:
        current, left = current_key_id(), 0
        for table in rotation.sealed_tables():
            waiting = sum(count for key_id, count in rotation.keys_in_use(table).items() if key_id != current)
            if dry_run or not waiting:
                left += waiting
                self.stdout.write(f"{table.model._meta.label}: {waiting} values stand under an earlier key.")
                continue
            done = 0
            for attempt in range(PASSES):
                for count in rotation.reencrypt(table, batch):
                    done += count
                    self.stdout.write(f"{table.model._meta.label}: {done} rows")
                held = sum(count for key_id, count in rotation.keys_in_use(table).items() if key_id != current)
                if not held:
                    break
                time.sleep(0.1 * (attempt + 1))
            left += held
        if left and not dry_run:
            raise CommandError(f"{left} values were held by the application all the time. Run it again.")
        if not dry_run:
            self.stdout.write(f"Everything stands under {current}; the earlier keys can be taken out.")

    def _index(self, *, dry_run: bool, batch: int) -> None:
        if rotation.index_key_in_force() == rotation.fingerprint():
            self.stdout.write("The rows are written under this index key: nothing to do.")
            return
        for table in rotation.index_tables():
            total = table.model._default_manager.count()
            if dry_run:
                self.stdout.write(f"{table.name}: {total} rows would be computed again.")
                continue
            for done in rotation.recompute(table, batch, timezone.now()):
                self.stdout.write(f"{table.name}: {done} of {total} rows")
        if not dry_run:
            if not rotation.finish_index(timezone.now()):
                raise CommandError("Not every table is done. Run it again.")
            self.stdout.write("The new index key is in force. Start the application.")

    def _secret(self, *, dry_run: bool, **_: Any) -> None:
        if not settings.SECRET_KEY_FALLBACKS:
            self.stdout.write("There is no earlier secret key in VISA_SECRET_KEY_FALLBACKS: nothing to do.")
            return
        count = rotation.resign(dry_run=dry_run)
        self.stdout.write(f"{count} sessions {'would be' if dry_run else 'were'} signed again.")

    def _pepper(self, **_: Any) -> None:
        earlier = len(settings.OTP_PEPPER_FALLBACKS)
        self.stdout.write(
            f"{earlier} earlier peppers are checked. A code lives for minutes: half an hour after the change "
            "VISA_OTP_PEPPER_FALLBACKS can be emptied. Nothing has to be written again."
        )
