"""`manage.py simulate_release --seed N --days D --slots K --json`: the release process on a simulated clock."""

from __future__ import annotations

import json
import sys
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser

from appointments.domain.chance import SeededChance
from appointments.domain.release import Pace, Window
from appointments.models import Service
from appointments.queries.policies import policy_in_force
from appointments.releases.simulation import simulate, spread
from appointments.releases.ticks import streams_of

START = date(2026, 3, 2)  # a Monday; with enough days the run meets both changes of the clock in Europe


class Command(BaseCommand):
    """Prints the policy that was used, then one line per release."""

    help = "Simulates releases with a seed: the same code as production, no database, nothing is opened."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The size of the run, and a policy: of a service, or of one's own."""
        parser.add_argument("--seed", type=int, required=True)
        parser.add_argument("--days", type=int, required=True)
        parser.add_argument("--slots", type=int, required=True)
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--service", help="use the policy in force of this service, for example dz-alg/c-tour")
        parser.add_argument("--timezone", default="Africa/Algiers")
        parser.add_argument("--from", dest="release_from", type=time.fromisoformat, default=time(8))
        parser.add_argument("--until", dest="release_until", type=time.fromisoformat, default=time(20))
        parser.add_argument("--tick", type=int, default=30, help="seconds")
        parser.add_argument("--pace", type=int, help="slots a day; default: the slots divided by the days")
        parser.add_argument("--largest", type=int, help="largest release")
        parser.add_argument("--start", type=date.fromisoformat, default=START)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and print each release as it happens."""
        if min(options["days"], options["slots"], options["tick"]) < 1:
            raise CommandError("Days, slots and the tick have to be at least 1.")
        pace, window, zone = self._of_service(options) if options["service"] else self._own(options)
        if pace.probability > 1:
            most = (1 + pace.largest) * pace.ticks_a_day // 2
            raise CommandError(f"A pace of {pace.slots_per_day} slots a day is impossible: these ticks open {most}.")
        # Every slot can be opened on every day of the run, so that the pool only shrinks.
        first = options["start"] + timedelta(days=options["days"] - 1 + window.first)
        dates = options["start"] + timedelta(days=window.last) - first
        pool = spread(options["slots"], first, max(1, dates.days + 1))
        self._print(self._policy_line(pace, window, zone), as_json=options["json"])
        for one in simulate(
            pace, window, zone, pool, options["start"], options["days"], SeededChance(options["seed"]), _progress
        ):
            line = {"at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "opened": one.opened, "pool": one.pool}
            self._print(line, as_json=options["json"])

    def _own(self, options: dict[str, Any]) -> tuple[Pace, Window, ZoneInfo]:
        try:
            zone = ZoneInfo(options["timezone"])
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise CommandError(f"There is no time zone {options['timezone']}.") from error
        slots_per_day = options["pace"] or -(-options["slots"] // options["days"])
        pace = Pace(
            release_from=options["release_from"],
            release_until=options["release_until"],
            tick_seconds=options["tick"],
            slots_per_day=slots_per_day,
            largest=1,
        )
        if pace.ticks_a_day < 1:
            raise CommandError("The release hours hold no tick.")
        largest = options["largest"] or max(6, -(-20 * slots_per_day // pace.ticks_a_day))
        pace = Pace(
            release_from=pace.release_from,
            release_until=pace.release_until,
            tick_seconds=pace.tick_seconds,
            slots_per_day=slots_per_day,
            largest=largest,
        )
        return pace, Window(first=1, last=options["days"] + 30), zone

    def _of_service(self, options: dict[str, Any]) -> tuple[Pace, Window, ZoneInfo]:
        key, _, slug = options["service"].partition("/")
        service = Service.objects.filter(post__key=key, slug=slug).select_related("post").first()
        policy = policy_in_force(service) if service else None
        if service is None or policy is None:
            raise CommandError(f"There is no service {options['service']} with a policy.")
        ordinary = streams_of(policy)[0]
        last = max(ordinary.window.last, ordinary.window.first + options["days"])
        return ordinary.pace, Window(first=ordinary.window.first, last=last), ZoneInfo(service.post.timezone)

    def _policy_line(self, pace: Pace, window: Window, zone: ZoneInfo) -> dict[str, Any]:
        policy = {
            "release_from": f"{pace.release_from:%H:%M:%S}",
            "release_until": f"{pace.release_until:%H:%M:%S}",
            "timezone": zone.key,
            "tick_seconds": pace.tick_seconds,
            "slots_per_day": pace.slots_per_day,
            "largest_release": pace.largest,
            "lead_min_days": window.first,
            "lead_max_days": window.last,
            "probability": float(pace.probability),
        }
        return {"policy": policy} | policy

    def _print(self, line: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(line))
        else:
            self.stdout.write("  ".join(f"{name} {value}" for name, value in line.items() if name != "policy"))


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == of else ""
        sys.stderr.write(f"\rday {done} of {of}{end}")
