"""The application's own side of a run: release ticks, draws, sweeps and the counter, each at its simulated instant."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from antibot import tasks as antibot_tasks
from appointments import tasks as appointment_tasks
from appointments.actions.counter import check_in
from appointments.domain import release as rules
from appointments.draws.closing import close_draw
from appointments.draws.drawing import draw_now
from appointments.models import Booking, Draw, Place, Release, Slot
from appointments.queries.appointment import starts_at
from appointments.releases.simulation import ticks_of
from appointments.releases.ticks import Stream, release_tick, streams_of
from lab.agenda import Agenda, Life, Signal
from lab.world import ZONE, World

SWEEP_SECONDS = 3600.0
BEAT_SECONDS = 10.0  # draws are closed and drawn by tasks that run every ten seconds


class Office:
    """What the server does by itself."""

    def __init__(self, world: World, agenda: Agenda, seed: str) -> None:
        """`seed` decides when slots open and which."""
        self.world, self.agenda, self.clock = world, agenda, agenda.clock
        self.seed = seed
        self.opened = Signal()  # somebody may hold a time now
        self.comes: Callable[[], dict[str, str]] = dict  # who comes to the counter; set by the run
        self._reopened = 0
        self.free = 0  # open first-come slots
        self.releases = self.ticks = self.draws = 0
        self._chance = random.Random(f"{seed}|draws")
        self._served: dict[str, Signal] = {}
        self._due: set[int] = set()

    def begin(self, days: int) -> None:
        """Put every tick that opens something, and the sweeps, on the agenda."""
        for at in self._openings(days):
            self.agenda.call(partial(self._tick, at), (at - self.clock.start).total_seconds())
        self.agenda.start(self._sweeps(), SWEEP_SECONDS)

    def watch(self, reference: str) -> Signal:
        """Raised when a request is served by a draw."""
        return self._served.setdefault(reference, Signal())

    def taken(self, number: int = 1) -> None:
        """Somebody held `number` open times."""
        self.free -= number

    def reopen(self, reference: str) -> None:
        """The control without the measure: what a booking gave back is open at once to whoever comes first."""
        slots = Slot.objects.filter(places__booking__request__reference=reference, state=Slot.State.WITHHELD)
        self._reopened += 1
        release = Release.objects.create(
            service=self.world.service,
            policy=self.world.policy,
            tick=-self._reopened,
            kind=Release.Kind.FIRST_COME,
            opened_at=self.clock.now,
            slots_count=1,
            pool_size=1,
        )
        self.free += Slot.objects.filter(pk__in=list(slots.values_list("pk", flat=True))).update(
            state=Slot.State.RELEASED, release=release
        )
        self.agenda.release(self.opened)

    def expire_at(self, instant: datetime) -> None:
        """Run the sweep of holds just after a deadline, as the task that runs every fifteen seconds would."""
        self.agenda.call(self.sweep_holds, (instant - self.clock.start).total_seconds() + 15)

    def sweep_holds(self) -> None:
        """End what was not paid in time."""
        self.clock.tell_database()
        appointment_tasks.expire_holds()

    def _openings(self, days: int) -> Iterator[datetime]:
        """The ticks that open something. Each tick's chance is seeded apart, so those that open nothing are skipped.

        A tick that opens nothing changes nothing but its tally; the one that is played decides again, the same way.
        """
        streams = streams_of(self.world.policy)
        first = self.clock.now.astimezone(ZONE).date()
        for number in range(days):
            for at in ticks_of(streams[0].pace, first + timedelta(days=number), ZONE):
                if at <= self.clock.now:
                    continue
                self.ticks += 1
                if self._opens(streams, at):
                    yield at

    def _chance_of(self, at: datetime) -> random.Random:
        return random.Random(f"{self.seed}|tick|{at.timestamp():.0f}")

    def _opens(self, streams: list[Stream], at: datetime) -> bool:
        chance = self._chance_of(at)
        return any(stream.pace.slots_per_day and rules.opens(stream.pace, chance) for stream in streams)

    def _tick(self, at: datetime) -> None:
        self.clock.tell_database()
        for release in release_tick(self.world.service, at, self._chance_of(at)):
            self.releases += 1
            if release.kind == Release.Kind.FIRST_COME:
                self.free += release.slots_count
                self.agenda.release(self.opened)
            elif release.draw_id is not None and release.draw_id not in self._due:
                assert release.draw is not None  # noqa: S101 - narrows the type
                self._due.add(release.draw_id)
                self._close_later(release.draw_id, (release.draw.closes_at - self.clock.start).total_seconds())

    def _close_later(self, draw: int, at: float) -> None:
        self.agenda.call(partial(self._close, draw), at)

    def _close(self, pk: int) -> None:
        self.clock.tell_database()
        if close_draw(pk, self.clock.now, self._chance.randbytes(32)) is None:
            self._close_later(pk, self.clock.seconds + BEAT_SECONDS)  # another list of the service is still open
            return
        self.agenda.call(partial(self._draw, pk), self.clock.seconds + BEAT_SECONDS)

    def _draw(self, pk: int) -> None:
        self.clock.tell_database()
        drawn = draw_now(pk, self.clock.now)
        if drawn is None or drawn.state != Draw.State.DRAWN:
            return
        self.draws += 1
        won = list(Booking.objects.filter(draw=pk).values_list("request__reference", "hold_until"))
        for reference, _ in won:
            if reference in self._served:
                self.agenda.release(self._served[reference])
        for deadline in {deadline for _, deadline in won}:
            self.expire_at(deadline)

    def _sweeps(self) -> Life:
        """What beat sends: the sweeps that matter hourly, those of a day once a day."""
        hours = 0
        while True:
            self.clock.tell_database()
            appointment_tasks.expire_holds()
            antibot_tasks.move_money()
            appointment_tasks.take_payment_events()
            self.free = Slot.objects.filter(service=self.world.service, state=Slot.State.RELEASED).count()
            hours += 1
            if hours % 24 == 0:
                self.daily()
            yield SWEEP_SECONDS

    def daily(self) -> None:
        """The tasks of the night."""
        self.clock.tell_database()
        hold_counter(self, self.comes(), ahead=False)
        antibot_tasks.forget()
        antibot_tasks.run_radar()
        appointment_tasks.end_lapsed()
        appointment_tasks.close_days()


def hold_counter(office: Office, comes: dict[str, str], *, ahead: bool) -> int:
    """Record who came with which passport, for appointments that have begun; returns how many bookings were met.

    `comes` is request reference -> outcome; who is not in it does not come. With `ahead`, appointments still to come
    are played too: the clock goes on to each of them.
    """
    rows = Booking.objects.filter(state=Booking.State.CONFIRMED).select_related("request__service__post")
    met = 0
    for booking in sorted(rows, key=lambda row: (starts_at(row), row.pk)):
        if starts_at(booking) > office.clock.now:
            if not ahead:
                break
            office.clock.move_to((starts_at(booking) - office.clock.start).total_seconds())
            office.clock.tell_database()
        outcome = comes.get(booking.request.reference, Place.Outcome.NO_SHOW)
        for place in booking.places.filter(living=True):
            check_in(place=place, outcome=outcome, by="laboratory", now=office.clock.now)
        met += 1
    return met
