"""Demands for payment, money that came in, and every message of a gateway, each once."""

import uuid
from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from antibot.domain.payment_states import CHARGE_TRANSITIONS, PAYMENT_TRANSITIONS, ChargeState, PaymentState


def _arrows(
    table: dict[PaymentState, frozenset[PaymentState]] | dict[ChargeState, frozenset[ChargeState]],
) -> list[tuple[str, str]]:
    return sorted((str(start), str(end)) for start, ends in table.items() for end in ends)


_CURRENCY = Q(currency__regex=r"^[A-Z]{3}$")


class Payment(models.Model):
    """One demand per subject. Its amount, currency and deadline never change."""

    public_id = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    subject = models.CharField(max_length=100, unique=True)
    scope_key = models.CharField(_("scope"), max_length=120)
    post_key = models.SlugField(_("post"), max_length=20)
    amount_cents = models.PositiveIntegerField(_("amount in cents"))
    currency = models.CharField(_("currency"), max_length=3)
    description = models.CharField(_("description"), max_length=200)
    language = models.CharField(_("language"), max_length=5)
    return_url = models.CharField(max_length=500)
    deadline = models.DateTimeField(_("deadline"))
    state = models.CharField(_("state"), max_length=12, default=PaymentState.ASKED.value)
    refund_reason = models.CharField(_("reason of refund"), max_length=200, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    paid_at = models.DateTimeField(_("paid at"), null=True)
    refunded_at = models.DateTimeField(_("refunded at"), null=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering: ClassVar = ["-asked_at"]
        indexes: ClassVar = [
            models.Index(fields=["deadline"], name="antibot_payment_open", condition=Q(state__in=["asked", "refused"])),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="antibot_payment_state", condition=Q(state__in=[str(s) for s in PaymentState])),
            models.CheckConstraint(name="antibot_payment_amount", condition=Q(amount_cents__gt=0) & _CURRENCY),
            models.CheckConstraint(
                name="antibot_payment_paid_at",
                condition=Q(state__in=["paid", "refund_due", "refunded"], paid_at__isnull=False)
                | Q(state__in=["asked", "refused", "expired"], paid_at__isnull=True),
            ),
            models.CheckConstraint(
                name="antibot_payment_refunded_at",
                condition=Q(state="refunded", refunded_at__isnull=False)
                | (~Q(state="refunded") & Q(refunded_at__isnull=True)),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(
                name="payment_terms_fixed",
                fields=[
                    "public_id",
                    "subject",
                    "scope_key",
                    "post_key",
                    "amount_cents",
                    "currency",
                    "deadline",
                    "asked_at",
                ],
            ),
            pgtrigger.FSM(name="payment_states", field="state", transitions=_arrows(PAYMENT_TRANSITIONS)),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def pay_url(self) -> str:
        """Where the person pays (a path on this site)."""
        from django.urls import reverse

        return reverse("antibot:pay", args=[self.public_id])

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be paid."""
        return self.state in {PaymentState.ASKED, PaymentState.REFUSED} and now < self.deadline


class Checkout(models.Model):
    """A hosted page that a gateway opened for a payment; it is used again while it lives."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="checkouts")
    gateway = models.CharField(max_length=12)
    reference = models.CharField(max_length=255)
    url = models.CharField(max_length=2000)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("page of a payment service")
        verbose_name_plural = _("pages of payment services")
        constraints: ClassVar = [
            models.UniqueConstraint("gateway", "reference", name="antibot_checkout_once"),
            models.UniqueConstraint("payment", condition=Q(closed_at__isnull=True), name="antibot_checkout_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.pk}"


class Charge(models.Model):
    """Money that came in, once per gateway reference; at most one is kept per payment, any other goes back."""

    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="charges", verbose_name=_("payment"))
    gateway = models.CharField(_("gateway"), max_length=12)
    reference = models.CharField(_("reference at the gateway"), max_length=255)
    amount_cents = models.PositiveIntegerField(_("amount in cents"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=12)
    refund_reason = models.CharField(_("reason of refund"), max_length=200, blank=True)
    refund_reference = models.CharField(_("reference of the refund"), max_length=255, blank=True)
    refund_attempts = models.PositiveSmallIntegerField(_("attempts to pay back"), default=0)
    refund_not_before = models.DateTimeField(_("paid back not before"), null=True)
    instrument_index = models.BinaryField(max_length=32, null=True)
    received_at = models.DateTimeField(_("received at"))
    refunded_at = models.DateTimeField(_("refunded at"), null=True)

    class Meta:
        verbose_name = _("money received")
        verbose_name_plural = _("money received")
        ordering: ClassVar = ["-received_at"]
        indexes: ClassVar = [
            models.Index(
                fields=["refund_not_before"], name="antibot_charge_refund_due", condition=Q(state="refund_due")
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint("gateway", "reference", name="antibot_charge_once"),
            models.UniqueConstraint("payment", condition=Q(state="kept"), name="antibot_charge_kept_once"),
            models.CheckConstraint(name="antibot_charge_state", condition=Q(state__in=[str(s) for s in ChargeState])),
            models.CheckConstraint(
                name="antibot_charge_kept_known", condition=~Q(state="kept") | Q(payment__isnull=False)
            ),
            models.CheckConstraint(name="antibot_charge_amount", condition=Q(amount_cents__gt=0) & _CURRENCY),
            models.CheckConstraint(
                name="antibot_charge_refunded_at",
                condition=Q(state="refunded", refunded_at__isnull=False)
                | (~Q(state="refunded") & Q(refunded_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="antibot_charge_refund_reason", condition=Q(state="kept") | ~Q(refund_reason="")
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(
                name="charge_facts_fixed",
                fields=["payment", "gateway", "reference", "amount_cents", "currency", "received_at"],
            ),
            pgtrigger.FSM(name="charge_states", field="state", transitions=_arrows(CHARGE_TRANSITIONS)),
            pgtrigger.Protect(name="charge_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.pk}"


class PaymentEvent(models.Model):
    """A verified message of a gateway; a repetition does not get a second row."""

    class Outcome(models.TextChoices):
        """What it led to."""

        KEPT = "kept"
        RETURNED = "returned"  # the money goes back
        REFUSED = "refused"
        REFUNDED = "refunded"
        WAITING = "waiting"  # a refund whose payment has not been announced yet
        IGNORED = "ignored"

    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="events", verbose_name=_("payment"))
    gateway = models.CharField(_("gateway"), max_length=12)
    event_id = models.CharField(_("message"), max_length=255)
    kind = models.CharField(_("kind"), max_length=60)
    charge_reference = models.CharField(_("reference at the gateway"), max_length=255, blank=True)
    amount_cents = models.PositiveIntegerField(_("amount in cents"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    occurred_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("message of a gateway")
        verbose_name_plural = _("messages of gateways")
        ordering: ClassVar = ["-received_at"]
        indexes: ClassVar = [models.Index(fields=["gateway", "charge_reference"], name="antibot_event_charge")]
        constraints: ClassVar = [models.UniqueConstraint("gateway", "event_id", name="antibot_payment_event_once")]
        triggers: ClassVar = [
            pgtrigger.Protect(name="event_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.event_id}"
