"""At the counter: who was called when."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models.bookings import Booking, Place
from appointments.models.posts import Counter


class CounterCall(models.Model):
    """Somebody who waits was called to a counter: once, so that two counters never call the same person."""

    place = models.OneToOneField(Place, on_delete=models.CASCADE, related_name="call")
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="calls")
    called_at = models.DateTimeField()
    called_by = models.CharField(max_length=150)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        indexes: ClassVar = [models.Index(fields=["counter", "-called_at"], name="call_of_counter")]

    def __str__(self) -> str:
        return f"{self.place_id} → {self.counter_id}"


class TillReceipt(models.Model):
    """A service fee taken at the desk: how, by whom, and whether it was given back. The amount is the booking's."""

    class Method(models.TextChoices):
        """What the person paid with."""

        CASH = "cash", _("cash")
        CARD = "card", _("card, at the terminal of the desk")
        VOUCHER = "voucher", _("voucher")

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="till_receipt")
    method = models.CharField(_("paid with"), max_length=7, choices=Method.choices)
    taken_at = models.DateTimeField(_("taken at"))
    taken_by = models.CharField(_("taken by"), max_length=150)
    returned_at = models.DateTimeField(_("given back at"), null=True, blank=True)
    returned_by = models.CharField(_("given back by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("receipt of the till")
        verbose_name_plural = _("receipts of the till")
        indexes: ClassVar = [models.Index(fields=["-taken_at"], name="till_taken_at")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="till_returned_by_somebody",
                condition=models.Q(returned_at__isnull=True, returned_by="")
                | (models.Q(returned_at__isnull=False) & ~models.Q(returned_by="")),
            )
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(name="till_receipt_fixed", fields=["booking", "method", "taken_at", "taken_by"]),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.method}"
