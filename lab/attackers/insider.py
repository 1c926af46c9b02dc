"""Somebody at the desk who gives places away against money."""

from __future__ import annotations

from appointments.models import Booking, Slot
from appointments.refusals import RefusedError
from appointments.staff.till import Handed
from appointments.staff.walk_ins import free_today, walk_in
from lab.agenda import Life
from lab.attackers.base import Target
from lab.attackers.speed import Seller

OPENS_AFTER = 2.5 * 3600  # the run's day begins at seven; the desk opens at half past nine


class Insider(Seller):
    """Reads the tables and books walk-ins for customers: the one staff act that gives a chosen slot to a chosen person.

    What the tables tell (who stands in the draw, which slots are pooled) is of no use: no release and no draw is
    decided before it happens. Walk-ins reach slots of the same day that nobody else has, and stand in the journal.
    """

    def lives(self) -> list[tuple[Life, float]]:
        """One life: a round each day."""
        return [(self.days(), OPENS_AFTER)]

    def days(self) -> Life:
        """Each morning, up to `slots_per_day` places of the day."""
        while True:
            self.clock.tell_database()
            for _ in range(self.numbers.slots_per_day):
                target = self.waiting()
                slots = free_today(self.office.world.post, self.clock.now)
                if target is None or not slots:
                    break
                self.give(target, [slot for slot in slots if slot.service_id == self.office.world.service.pk])
            yield 86400.0

    def give(self, target: Target, slots: list[Slot]) -> None:
        """Book the first slot that is still free."""
        try:
            booking: Booking = walk_in(
                chosen=slots[0],
                people=[target.person],
                contact=target.mail,
                language="fr",
                handed=Handed(method="cash", voucher="", by="insider"),
                now=self.clock.now,
            )
        except (RefusedError, IndexError):
            self.account.counts["refused"] += 1
            return
        self.account.bribes += 1
        target.reference, target.booked, target.paid = booking.request.reference, self.clock.seconds, True
