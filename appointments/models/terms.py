"""What a service promises and asks of people who book: versions that are never changed.

The version in force is also written into the row of the service, where applicants' pages read it; the database
does that itself and refuses any other hand, so that no value is ever in force without author, reason and date.
"""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appointments.models.posts import TERMS, Service

_COLUMNS = ", ".join(TERMS)
_NEW = ", ".join(f"NEW.{name}" for name in TERMS)


class ServiceTerms(models.Model):
    """One version of a service's terms; the highest version is in force."""

    service = models.ForeignKey(Service, verbose_name=_("service"), on_delete=models.PROTECT, related_name="terms")
    version = models.PositiveIntegerField(_("version"))
    payment_deadline_hours = models.PositiveSmallIntegerField(_("hours to pay after a draw"))
    hold_minutes = models.PositiveSmallIntegerField(_("minutes a slot is held until paid"))
    cooling_off_days = models.PositiveSmallIntegerField(_("days of cooling-off"))
    refund_hours_before = models.PositiveSmallIntegerField(
        _("refund when cancelled so many hours before"), null=True, blank=True
    )
    largest_group = models.PositiveSmallIntegerField(_("largest family"))
    request_life_days = models.PositiveSmallIntegerField(_("days a request stands"))
    asks_france_visas = models.BooleanField(_("asks the France-Visas number"))
    author = models.CharField(_("author"), max_length=150, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("booking terms")
        verbose_name_plural = _("booking terms")
        ordering = ("service", "-version")
        get_latest_by = "version"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "version"], name="terms_version_once"),
            # The first version is the service as it was made; whoever changes it says why.
            models.CheckConstraint(
                name="terms_say_who_and_why", condition=Q(version=1) | ~Q(author="") & ~Q(reason="")
            ),
            models.CheckConstraint(
                name="terms_are_sensible",
                condition=Q(version=1)
                | Q(
                    payment_deadline_hours__range=(1, 72),
                    hold_minutes__range=(5, 120),
                    cooling_off_days__lte=90,
                    largest_group__range=(1, 20),
                    request_life_days__range=(7, 366),
                )
                & (Q(refund_hours_before__isnull=True) | Q(refund_hours_before__lte=720)),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="terms_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="terms_come_into_force",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func=f"""
                    UPDATE appointments_service SET ({_COLUMNS}) = ({_NEW})
                     WHERE id = NEW.service_id AND ({_COLUMNS}) IS DISTINCT FROM ({_NEW});
                    RETURN NULL;
                """,  # noqa: S608 - names of columns, written above
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} v{self.version}"
