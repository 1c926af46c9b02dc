"""Calling people who wait to a counter."""

from datetime import date, datetime, timedelta

from django.db import transaction

from appointments.models import Counter, CounterCall, Place, Post

CAME = (Place.Outcome.MATCH, Place.Outcome.LATE)


def call_next(*, counter: Counter, day: date, by: str, now: datetime) -> Place | None:
    """Call whoever waits longest for this counter: checked in, not called, earliest appointment first.

    When nobody waits for this counter, somebody of the post whose appointment time has passed is called instead.
    None where nobody waits. Two counters never call the same person.
    """
    waiting = Place.objects.filter(
        slot__counter__post_id=counter.post_id, slot__local_day=day, living=True, outcome__in=CAME, call__isnull=True
    ).order_by("slot__starts_at", "outcome_at", "pk")
    for rows in (waiting.filter(slot__counter=counter), waiting.filter(slot__starts_at__lte=now)):
        while True:
            with transaction.atomic():
                place = rows.select_for_update(of=("self",), skip_locked=True).first()
                if place is None:
                    break
                # A row that another counter called between our snapshot and our lock still looks free: look again.
                if not CounterCall.objects.filter(place=place).exists():
                    CounterCall.objects.create(place=place, counter=counter, called_at=now, called_by=by)
                    return place
    return None


def take_back(*, place: Place) -> None:
    """A call by mistake."""
    CounterCall.objects.filter(place=place).delete()


def last_calls(post: Post, now: datetime, limit: int = 8) -> list[tuple[str, int]]:
    """End of the reference and counter of the last calls within an hour, for the screen in the waiting room."""
    rows = CounterCall.objects.filter(counter__post=post, called_at__gte=now - timedelta(hours=1))
    found = rows.order_by("-called_at").values_list("place__booking__request__reference", "counter__number")
    return [(reference[-4:], number) for reference, number in found[:limit]]
