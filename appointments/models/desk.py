"""At the counter: who was called when."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models.bookings import Place
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
