"""The outbox: one row a letter, written in the transaction that causes it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vault.fields import EncryptedJSONField


class Letter(models.Model):
    """A letter to be rendered and sent by the worker.

    Its text is rendered from the tables at the moment of sending, so the row holds personal data only where they
    stand nowhere else (a code, an address without an account): encrypted, and emptied once sent.
    """

    class State(models.TextChoices):
        """Life of a letter."""

        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        DROPPED = "dropped"  # its renderer had nothing to say any more
        FAILED = "failed"  # gave up after the last attempt

    kind = models.CharField(max_length=60)
    subject_key = models.CharField(max_length=120)
    payload = EncryptedJSONField(null=True)
    dedupe = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001 - NULLs do not collide
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    message_id = models.CharField(max_length=100, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["not_before", "id"], name="letter_due", condition=Q(state__in=["waiting", "sending"])),
            models.Index(fields=["kind", "subject_key"], name="letter_subject"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="letter_finished_has_no_payload",
                condition=Q(state__in=["waiting", "sending"]) | Q(payload__isnull=True, finished_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"
