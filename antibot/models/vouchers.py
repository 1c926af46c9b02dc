"""Vouchers sold at a counter, for people without a card that works on the internet."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from antibot.models.payments import Payment


class VoucherBatch(models.Model):
    """Vouchers that were imported together."""

    label = models.CharField(_("label"), max_length=100, unique=True)
    post_key = models.SlugField(_("post"), max_length=20, blank=True)
    amount_cents = models.PositiveIntegerField(_("amount in cents"))
    currency = models.CharField(_("currency"), max_length=3)
    valid_until = models.DateField(_("valid until"))
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("imported by"),
    )
    imported_at = models.DateTimeField(_("imported at"), editable=False)

    class Meta:
        verbose_name = _("batch of vouchers")
        verbose_name_plural = _("batches of vouchers")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="antibot_batch_amount", condition=Q(amount_cents__gt=0) & Q(currency__regex=r"^[A-Z]{3}$")
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Voucher(models.Model):
    """One voucher: nobody here knows its code. Refunding a payment makes its voucher good again."""

    batch = models.ForeignKey(VoucherBatch, models.PROTECT, related_name="vouchers")
    code_hash = models.BinaryField(max_length=32, unique=True)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="vouchers")
    uses = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="antibot_voucher_used",
                condition=Q(payment__isnull=True, used_at__isnull=True)
                | Q(payment__isnull=False, used_at__isnull=False),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(name="voucher_fixed", fields=["batch", "code_hash"]),
            pgtrigger.Protect(
                name="voucher_not_deleted_in_use", operation=pgtrigger.Delete, condition=pgtrigger.Q(old__uses__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"voucher {self.pk}"
