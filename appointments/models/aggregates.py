"""Figures that dashboards and the public page are made of: counted once, never a person in them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models.posts import Post, Service

# Lower ends, in whole days, of the classes in which waiting is counted; the last class is open.
WAIT_DAYS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 21, 25, 30, 40, 50, 60, 90, 120, 180)

COUNTS = (
    "entered",
    "people",
    "desk_entered",
    "released",
    "draws",
    "tickets",
    "winners",
    "booked",
    "paid",
    "cancelled",
    "expired",
    "returned",
    "due",
    "attended",
    "no_show",
    "late",
    "mismatched",
    "corrected",
    "calls",
    "call_minutes",
    "reports",
)


class Figure(models.Model):
    """What happened on a day or in a month, of one service or (service empty) of the whole post.

    `due`, `attended`, `no_show`, `late` and `mismatched` count people by the day of their appointment; everything
    else counts by the local day on which it happened.
    """

    class Span(models.TextChoices):
        """How long."""

        DAY = "day", _("day")
        MONTH = "month", _("month")

    span = models.CharField(max_length=5, choices=Span.choices)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="figures")
    service = models.ForeignKey(Service, null=True, on_delete=models.CASCADE, related_name="figures")
    first_day = models.DateField()
    entered = models.PositiveIntegerField(_("requests"), default=0)
    people = models.PositiveIntegerField(_("people in requests"), default=0)
    desk_entered = models.PositiveIntegerField(_("requests at the desk"), default=0)
    released = models.PositiveIntegerField(_("slots opened"), default=0)
    draws = models.PositiveIntegerField(_("draws"), default=0)
    tickets = models.PositiveIntegerField(_("tickets in draws"), default=0)
    winners = models.PositiveIntegerField(_("tickets drawn"), default=0)
    booked = models.PositiveIntegerField(_("bookings"), default=0)
    paid = models.PositiveIntegerField(_("paid"), default=0)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0)
    expired = models.PositiveIntegerField(_("not paid in time"), default=0)
    returned = models.PositiveIntegerField(_("slots that came back"), default=0)
    due = models.PositiveIntegerField(_("expected at the counter"), default=0)
    attended = models.PositiveIntegerField(_("came"), default=0)
    no_show = models.PositiveIntegerField(_("did not come"), default=0)
    late = models.PositiveIntegerField(_("came late"), default=0)
    mismatched = models.PositiveIntegerField(_("identity did not match"), default=0)
    corrected = models.PositiveIntegerField(_("typing mistakes mended"), default=0)
    calls = models.PositiveIntegerField(_("called to a counter"), default=0)
    call_minutes = models.PositiveIntegerField(_("minutes between the appointment and the call"), default=0)
    reports = models.PositiveIntegerField(_("reports of trade"), default=0)
    waits = ArrayField(models.PositiveIntegerField(), default=list, help_text=_("Bookings by days of waiting."))

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["span", "post", "service", "first_day"], name="figure_once", nulls_distinct=False
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["span", "first_day", "post"], name="figure_span")]

    def __str__(self) -> str:
        return f"{self.span} {self.first_day} {self.post_id}/{self.service_id or '*'}"
