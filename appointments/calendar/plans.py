"""What the tables say about the slots of a post's services, in the form that the rules take."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from appointments.domain.calendar.hours import Closing, Hours, Pause
from appointments.domain.calendar.planning import DayPlan, PlannedSlot, plan_slots
from appointments.models import Break, Closure, Holiday, OpeningHours, Post, Service

__all__ = ["ServicePlan", "load_plans"]


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """The calendar of one service."""

    service_id: int
    days: DayPlan

    def slots(self, first_day: date, last_day: date) -> list[PlannedSlot]:
        """Every slot of these days."""
        return plan_slots(self.days, first_day, last_day)


def load_plans(post: Post, service_ids: Iterable[int], first_day: date, last_day: date) -> list[ServicePlan]:
    """Plans of some services of a post, in five queries whatever their number.

    Args:
        post: the post.
        service_ids: services of this post.
        first_day: first local day that matters.
        last_day: last local day that matters.
    """
    hours: dict[int, list[Hours]] = defaultdict(list)
    entries = OpeningHours.objects.filter(service__in=list(service_ids), first_day__lte=last_day)
    entries = entries.filter(Q(last_day__isnull=True) | Q(last_day__gte=first_day))
    for entry in entries:
        hours[entry.service_id].append(
            Hours(entry.counter_id, entry.weekday, entry.opens, entry.closes, entry.first_day, entry.last_day)
        )
    pauses = [Pause(entry.weekday, entry.starts, entry.ends) for entry in Break.objects.filter(post=post)]
    closings = [
        Closing(entry.counter_id, entry.first_day, entry.last_day, entry.starts, entry.ends)
        for entry in Closure.objects.filter(post=post, first_day__lte=last_day, last_day__gte=first_day)
    ]
    holidays = frozenset(
        Holiday.objects.filter(post=post, observed=True, day__range=(first_day, last_day)).values_list("day", flat=True)
    )
    services = Service.objects.filter(pk__in=list(service_ids), post=post).order_by("pk")
    return [
        ServicePlan(
            service.pk,
            DayPlan(post.timezone, service.duration_minutes, hours[service.pk], pauses, closings, holidays),
        )
        for service in services
    ]
