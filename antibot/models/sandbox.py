"""The pretended bank of development and tests: its orders and the messages it owes us."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class SandboxOrder(models.Model):
    """An order at the pretended bank. It knows our payment only by the reference we gave it."""

    reference = models.CharField(max_length=40, unique=True)
    merchant_reference = models.CharField(max_length=40)
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=200)
    language = models.CharField(max_length=5)
    return_url = models.CharField(max_length=500)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("order at the pretended bank")
        verbose_name_plural = _("orders at the pretended bank")

    def __str__(self) -> str:
        return self.reference


class SandboxNotice(models.Model):
    """A webhook that the pretended bank sends until it is accepted."""

    order = models.ForeignKey(SandboxOrder, models.CASCADE, related_name="notices")
    event_id = models.CharField(max_length=40, unique=True)
    body = models.TextField()
    not_before = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("message of the pretended bank")
        verbose_name_plural = _("messages of the pretended bank")
        indexes: ClassVar = [
            models.Index(
                fields=["not_before"], name="antibot_sandbox_due", condition=models.Q(delivered_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.event_id
