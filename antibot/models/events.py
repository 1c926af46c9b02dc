"""The outbox that the app above consumes."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxEvent(models.Model):
    """Something the owner of a subject has to hear, written in the transaction that made it true."""

    class Kind(models.TextChoices):
        """What can be said."""

        PAID = "paid"
        REFUSED = "refused"
        REFUNDED = "refunded"
        SUSPECTED = "suspected"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    subject = models.CharField(max_length=100)
    scope_key = models.CharField(max_length=120, blank=True)
    amount_cents = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("message to another part of the system")
        verbose_name_plural = _("messages to other parts of the system")
        indexes: ClassVar = [
            models.Index(fields=["id"], name="antibot_event_waiting", condition=models.Q(consumed_at__isnull=True)),
            models.Index(fields=["subject", "id"], name="antibot_event_subject"),
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(
                name="event_read_only",
                fields=["kind", "subject", "scope_key", "amount_cents", "currency", "data", "created_at"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
