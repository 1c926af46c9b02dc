"""When counters are open, in the post's own local time."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from appointments.models.posts import Counter, Post, Service

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class _DateRange(Func):
    function = "daterange"
    output_field = DateRangeField()


class _MinuteRange(Func):
    """Opening times as a range of minutes since midnight, so that they can be compared for overlap."""

    template = "int4range((extract(epoch from opens) / 60)::int, (extract(epoch from closes) / 60)::int)"


class OpeningHours(models.Model):
    """A counter serves one service on a weekday between two local times."""

    counter = models.ForeignKey(Counter, verbose_name=_("counter"), on_delete=models.CASCADE, related_name="hours")
    service = models.ForeignKey(Service, verbose_name=_("service"), on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ("counter", "weekday", "opens")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="hours_open_before_they_close",
                condition=Q(opens__lt=F("closes")),
                violation_error_message=_("Closing time must be later than opening time."),
            ),
            models.CheckConstraint(name="hours_weekday_known", condition=Q(weekday__lte=6)),
            models.CheckConstraint(
                name="hours_days_in_order", condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day"))
            ),
            ExclusionConstraint(
                name="hours_do_not_overlap_at_a_counter",
                expressions=[
                    ("counter", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (
                        _DateRange("first_day", "last_day", models.Value("[]")),
                        RangeOperators.OVERLAPS,
                    ),
                    (_MinuteRange(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("This counter is already open for something else at that time."),
            ),
        ]

        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="hours_within_one_post",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF (SELECT post_id FROM appointments_service WHERE id = NEW.service_id)
                       <> (SELECT post_id FROM appointments_counter WHERE id = NEW.counter_id) THEN
                        RAISE EXCEPTION 'hours_of_two_posts' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.counter} {self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Break(models.Model):
    """A pause of the whole post, every day or on one weekday."""

    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.CASCADE, related_name="breaks")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS, null=True, blank=True)
    starts = models.TimeField(_("starts"))
    ends = models.TimeField(_("ends"))

    class Meta:
        verbose_name = _("break")
        verbose_name_plural = _("breaks")
        constraints: ClassVar = [models.CheckConstraint(name="break_in_order", condition=Q(starts__lt=F("ends")))]

    def __str__(self) -> str:
        return f"{self.post} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Closure(models.Model):
    """Days, or part of a day, on which a post or one counter is closed."""

    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.CASCADE, related_name="closures")
    counter = models.ForeignKey(
        Counter, verbose_name=_("counter"), null=True, blank=True, on_delete=models.CASCADE, related_name="closures"
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    starts = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ("-first_day",)
        constraints: ClassVar = [
            models.CheckConstraint(name="closure_days_in_order", condition=Q(first_day__lte=F("last_day"))),
            models.CheckConstraint(
                name="closure_times_both_or_none",
                condition=Q(starts__isnull=True, ends__isnull=True)
                | Q(starts__isnull=False, ends__isnull=False, starts__lt=F("ends")),
            ),
        ]

        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="closure_within_one_post",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF NEW.post_id <> (SELECT post_id FROM appointments_counter WHERE id = NEW.counter_id) THEN
                        RAISE EXCEPTION 'closure_of_two_posts' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post} {self.first_day} {self.reason}"


class Holiday(models.Model):
    """A public holiday of the host country or of France; staff decide whether the post observes it."""

    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=120)
    country = models.CharField(_("country"), max_length=2)
    observed = models.BooleanField(_("closed on this day"), default=True)
    to_confirm = models.BooleanField(_("to be confirmed"), default=False)
    decided_by_staff = models.BooleanField(_("decided by staff"), default=False)

    class Meta:
        verbose_name = _("public holiday")
        verbose_name_plural = _("public holidays")
        ordering = ("post", "day")
        constraints: ClassVar = [models.UniqueConstraint(fields=["post", "day", "country"], name="holiday_once_a_day")]

    def __str__(self) -> str:
        return f"{self.post} {self.day} {self.name}"
