"""Who would stand before a closed door."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, TimeField, Value

from appointments.models import Closure, Slot

__all__ = ["ClosureEffect", "effect_of"]


@dataclass(frozen=True, slots=True)
class ClosureEffect:
    """Slots of the future that overlap a closure, by what people know of them.

    Attributes:
        waiting: in the pool and never shown: they go when slots are made anew.
        offered: open, or in a draw.
        booked: taken by somebody.
        returned: withheld after having been shown once.
    """

    waiting: int
    offered: int
    booked: int
    returned: int

    @property
    def shown(self) -> int:
        """Slots that somebody has, or may be about to get."""
        return self.offered + self.booked


def slots_in(closure: Closure, now: datetime) -> QuerySet[Slot]:
    """Slots still to come that overlap a closure, whether or not it is saved."""
    slots = Slot.objects.filter(
        service__post=closure.post, local_day__range=(closure.first_day, closure.last_day), starts_at__gt=now
    ).exclude(state=Slot.State.REMOVED)
    if closure.counter_id is not None:
        slots = slots.filter(counter=closure.counter_id)
    if closure.starts is not None and closure.ends is not None:
        # Begins before the closure ends, and is longer than what is left until the closure begins.
        until = Value(closure.starts, output_field=TimeField()) - F("local_time")
        slots = slots.filter(local_time__lt=closure.ends).annotate(length=F("ends_at") - F("starts_at"), until=until)
        slots = slots.filter(length__gt=F("until"))
    return slots


def effect_of(closure: Closure, now: datetime) -> ClosureEffect:
    """Count the slots that a closure touches, in one query.

    Args:
        closure: saved or not.
        now: slots that have begun do not count.
    """
    counts = slots_in(closure, now).aggregate(
        waiting=Count("pk", filter=Q(state=Slot.State.POOLED)),
        offered=Count("pk", filter=Q(state__in=[Slot.State.RELEASED, Slot.State.IN_DRAW])),
        booked=Count("pk", filter=Q(state=Slot.State.TAKEN)),
        returned=Count("pk", filter=Q(state=Slot.State.WITHHELD)),
    )
    return ClosureEffect(**counts)
