"""How a service releases and allocates its slots: versions that are never changed."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appointments.models.posts import Service


class ReleasePolicy(models.Model):
    """One version of a service's release and allocation policy; the highest version is in force."""

    class Mode(models.TextChoices):
        """Who claims a release, and when."""

        FIRST_COME = "first_come", _("First come, first served")
        WINDOWED = "windowed", _("Drawn after each release")
        BATCH = "batch", _("Drawn once a day")

    service = models.ForeignKey(Service, verbose_name=_("service"), on_delete=models.PROTECT, related_name="policies")
    version = models.PositiveIntegerField(_("version"))
    mode = models.CharField(_("allocation"), max_length=10, choices=Mode.choices, default=Mode.WINDOWED)
    release_from = models.TimeField(_("releases from (local time)"))
    release_until = models.TimeField(_("releases until (local time)"))
    tick_seconds = models.PositiveSmallIntegerField(_("seconds between two decisions"), default=30)
    slots_per_day = models.PositiveIntegerField(_("slots opened a day, on average"))
    largest_release = models.PositiveSmallIntegerField(_("largest release"), default=20)
    lead_min_days = models.PositiveSmallIntegerField(_("opened at least so many days before"), default=3)
    lead_max_days = models.PositiveSmallIntegerField(_("opened at most so many days before"), default=30)
    claim_window_seconds = models.PositiveIntegerField(_("claim window (seconds)"), default=3600)
    batch_time = models.TimeField(_("daily draw (local time)"), null=True, blank=True)
    urgent_percent = models.PositiveSmallIntegerField(_("urgent quota (%)"), default=0)
    first_come_percent = models.PositiveSmallIntegerField(_("released first come (%)"), default=0)
    late_days = models.PositiveSmallIntegerField(_("late stream: days before the date"), default=2)
    late_slots_per_day = models.PositiveIntegerField(_("late stream: slots a day"), default=0)
    cooldown_days = models.PositiveSmallIntegerField(_("days out after a lapsed offer"), default=7)
    author = models.CharField(_("author"), max_length=150)
    reason = models.CharField(_("reason"), max_length=300)
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("release policy")
        verbose_name_plural = _("release policies")
        ordering = ("service", "-version")
        get_latest_by = "version"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "version"], name="policy_version_once"),
            models.CheckConstraint(name="policy_hours_in_order", condition=Q(release_from__lt=F("release_until"))),
            models.CheckConstraint(name="policy_leads_in_order", condition=Q(lead_min_days__lte=F("lead_max_days"))),
            models.CheckConstraint(name="policy_tick_sensible", condition=Q(tick_seconds__range=(5, 3600))),
            models.CheckConstraint(name="policy_release_positive", condition=Q(largest_release__gte=1)),
            models.CheckConstraint(
                name="policy_shares_are_percent",
                condition=Q(urgent_percent__lte=100, first_come_percent__lte=100),
            ),
            models.CheckConstraint(
                name="policy_batch_has_its_time", condition=~Q(mode="batch") | Q(batch_time__isnull=False)
            ),
            models.CheckConstraint(
                name="policy_window_open", condition=~Q(mode="windowed") | Q(claim_window_seconds__gte=30)
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="policy_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.service} v{self.version}"
