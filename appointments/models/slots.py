"""Slots, the pool they wait in, and the releases that open them.

No row here ever says that a slot *will* be opened: a release exists from the moment it has happened.
"""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from appointments.models.draws import Draw
from appointments.models.policies import ReleasePolicy
from appointments.models.posts import Counter, Service

POOL_STATES = ("pooled", "withheld")

_COUNT_CHANGE = """
    INSERT INTO appointments_poolday (service_id, local_day, count)
    SELECT service_id, local_day, sum(change) FROM ({changes}) AS moved
    GROUP BY service_id, local_day HAVING sum(change) <> 0 ORDER BY service_id, local_day
    ON CONFLICT (service_id, local_day) DO UPDATE SET count = appointments_poolday.count + EXCLUDED.count;
    RETURN NULL;
"""
_GONE = "SELECT service_id, local_day, -1 AS change FROM old_rows WHERE state IN ('pooled', 'withheld')"
_COME = "SELECT service_id, local_day, 1 AS change FROM new_rows WHERE state IN ('pooled', 'withheld')"


class _InstantRange(Func):
    function = "tstzrange"
    output_field = DateTimeRangeField()


class Release(models.Model):
    """Slots that opened together, written in the transaction that opened them."""

    class Stream(models.TextChoices):
        """Slots near their own date move through a second, faster stream."""

        ORDINARY = "ordinary", _("ordinary")
        LATE = "late", _("late")

    class Kind(models.TextChoices):
        """What becomes of the slots."""

        FIRST_COME = "first_come", _("first come")
        DRAWN = "drawn", _("drawn")
        STANDBY = "standby", _("standby draw")

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="releases")
    policy = models.ForeignKey(ReleasePolicy, on_delete=models.PROTECT, related_name="releases")
    tick = models.BigIntegerField()
    stream = models.CharField(max_length=10, choices=Stream.choices, default=Stream.ORDINARY)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    draw = models.ForeignKey(Draw, null=True, blank=True, on_delete=models.PROTECT, related_name="releases")
    opened_at = models.DateTimeField()
    slots_count = models.PositiveIntegerField()
    pool_size = models.PositiveIntegerField(help_text=_("Slots in the pool at that moment, before the release."))

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("-opened_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "stream", "tick"], name="release_once_a_tick"),
            models.CheckConstraint(
                name="release_drawn_has_a_draw",
                condition=Q(kind="first_come", draw__isnull=True) | (~Q(kind="first_come") & Q(draw__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.opened_at:%Y-%m-%d %H:%M} ×{self.slots_count}"


class Slot(models.Model):
    """One place at one counter at one instant.

    `local_day` and `local_time` are what was promised; the instants are derived from them with the post's zone, and
    derived again when the rules of the zone change.
    """

    class State(models.TextChoices):
        """Where a slot is in its life."""

        POOLED = "pooled", _("waiting in the pool")
        WITHHELD = "withheld", _("came back, waiting in the pool")
        RELEASED = "released", _("open")
        IN_DRAW = "in_draw", _("in a draw")
        TAKEN = "taken", _("taken")
        REMOVED = "removed", _("removed")

    class Quota(models.TextChoices):
        """Whose turn it is first."""

        ORDINARY = "ordinary", _("ordinary")
        URGENT = "urgent", _("urgent")

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="slots")
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="slots")
    local_day = models.DateField(_("day"))
    local_time = models.TimeField(_("time"))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.POOLED)
    quota = models.CharField(max_length=10, choices=Quota.choices, default=Quota.ORDINARY)
    release = models.ForeignKey(
        Release, null=True, blank=True, on_delete=models.PROTECT, related_name="slots", db_index=False
    )
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="slot_released_has_its_release",
                condition=Q(state__in=["pooled", "withheld", "removed"], release__isnull=True)
                | Q(state__in=["released", "in_draw"], release__isnull=False)
                | Q(state="taken"),
            ),
            models.CheckConstraint(name="slot_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            ExclusionConstraint(
                name="slot_one_at_a_counter",
                expressions=[
                    ("counter", RangeOperators.EQUAL),
                    (_InstantRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=~Q(state="removed"),
                violation_error_message=_("This counter already has a slot at that time."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["service", "local_day", "id"], name="slot_pool", condition=Q(state__in=["pooled", "withheld"])
            ),
            models.Index(
                fields=["service", "local_day", "local_time", "counter"],
                name="slot_open",
                condition=Q(state="released"),
            ),
            models.Index(fields=["release"], name="slot_release", condition=Q(release__isnull=False)),
            models.Index(fields=["counter", "local_day", "local_time"], name="slot_day_list"),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="pool_counts_insert",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                func=_COUNT_CHANGE.format(changes=_COME),
            ),
            pgtrigger.Trigger(
                name="pool_counts_update",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
                func=_COUNT_CHANGE.format(changes=f"{_GONE} UNION ALL {_COME}"),
            ),
            pgtrigger.Trigger(
                name="pool_counts_delete",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                referencing=pgtrigger.Referencing(old="old_rows"),
                func=_COUNT_CHANGE.format(changes=_GONE),
            ),
            # What was promised to somebody does not move: not by staff, not by code.
            pgtrigger.Trigger(
                name="slot_place_and_time_fixed_once_taken",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="taken")
                & (
                    pgtrigger.Q(old__local_day__df=pgtrigger.F("new__local_day"))
                    | pgtrigger.Q(old__local_time__df=pgtrigger.F("new__local_time"))
                    | pgtrigger.Q(old__counter_id__df=pgtrigger.F("new__counter_id"))
                    | pgtrigger.Q(old__service_id__df=pgtrigger.F("new__service_id"))
                ),
                func="RAISE EXCEPTION 'slot_is_fixed' USING ERRCODE = 'check_violation';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.local_day} {self.local_time:%H:%M} ({self.counter_id})"


class PoolDay(models.Model):
    """How many slots of a service wait in the pool on a day; kept by triggers, so that a fair pick is cheap."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="pool_days")
    local_day = models.DateField()
    count = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["service", "local_day"], name="pool_day_once")]

    def __str__(self) -> str:
        return f"{self.service_id} {self.local_day}: {self.count}"


class TickMark(models.Model):
    """The last decision of a stream: compared and set in the transaction of the next, so that none is taken twice."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="tick_marks")
    stream = models.CharField(max_length=10, choices=Release.Stream.choices)
    last_tick = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["service", "stream"], name="tick_mark_once")]

    def __str__(self) -> str:
        return f"{self.service_id} {self.stream} {self.last_tick}"


class TickTally(models.Model):
    """What a day's decisions were, afterwards: how many, and how many opened something."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="tick_tallies")
    policy = models.ForeignKey(ReleasePolicy, on_delete=models.PROTECT, related_name="tick_tallies")
    stream = models.CharField(max_length=10, choices=Release.Stream.choices)
    local_day = models.DateField()
    ticks = models.PositiveIntegerField(default=0)
    releases = models.PositiveIntegerField(default=0)
    slots = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "policy", "stream", "local_day"], name="tick_tally_once")
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.local_day}: {self.ticks}"
