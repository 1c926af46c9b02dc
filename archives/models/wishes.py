"""Rights of the people in the files: correction and erasure on request."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from vault.fields import EncryptedTextField


class DataRequest(models.Model):
    """Somebody asks that their data be corrected or erased (GDPR art. 16 and 17; VIS art. 38)."""

    class Kind(models.TextChoices):
        """What is asked."""

        CORRECTION = "correction"
        ERASURE = "erasure"

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    contact = EncryptedTextField(_("contact"))
    contact_index = models.BinaryField(db_index=True)
    text = EncryptedTextField(_("text"))
    language = models.CharField(_("language"), max_length=2)
    made_at = models.DateTimeField(_("made at"))
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("answered by")
    )
    answer = EncryptedTextField(_("answer"), null=True)

    class Meta:
        verbose_name = _("request about one’s own data")
        verbose_name_plural = _("requests about one’s own data")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer__isnull=True) | Q(answered_at__isnull=False),
                name="datarequest_answered",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} asked on {self.made_at:%Y-%m-%d}"
