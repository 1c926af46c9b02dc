"""One-time codes: never stored, only their HMAC."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vault.fields import EncryptedJSONField, EncryptedTextField


class OneTimeCode(models.Model):
    """A code that was sent: bound to contact, session and purpose; its row is locked for every attempt.

    A used row is also what says that this session has proved this contact, until `opened_until`: on the server, so
    that no cookie can claim it.
    """

    session_hash = models.BinaryField(max_length=32)
    contact = EncryptedTextField()
    contact_index = models.BinaryField(max_length=32)
    network_index = models.BinaryField(max_length=32)
    purpose = models.CharField(max_length=20)
    scope_key = models.CharField(max_length=120, blank=True)
    code_hash = models.BinaryField(max_length=32)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempts_allowed = models.PositiveSmallIntegerField()
    sms = EncryptedJSONField(null=True)  # text still to be sent; emptied when sent
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    opened_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        indexes: ClassVar = [
            models.Index(fields=["session_hash", "purpose", "-created_at"], name="antibot_code_session"),
            models.Index(fields=["contact_index", "created_at"], name="antibot_code_contact"),
            models.Index(fields=["network_index", "created_at"], name="antibot_code_network"),
            models.Index(fields=["expires_at"], name="antibot_code_expiry"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="antibot_code_attempts", condition=models.Q(attempts__lte=models.F("attempts_allowed"))
            ),
            models.CheckConstraint(
                name="antibot_code_opened_is_used",
                condition=models.Q(opened_until__isnull=True) | models.Q(used_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"code {self.pk}"


class DisposableDomain(models.Model):
    """A mail domain for throw-away addresses: it adds points, it never refuses."""

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    note = models.CharField(_("source or note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("throw-away mail domain")
        verbose_name_plural = _("throw-away mail domains")
        ordering: ClassVar = ["domain"]

    def __str__(self) -> str:
        return self.domain
