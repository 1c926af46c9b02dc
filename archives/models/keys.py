"""The keys of files, in a database of their own."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class FileKey(models.Model):
    """One wrapped key. Without this row the sealed value is noise, in the tables and in every backup of them."""

    class Part(models.IntegerChoices):
        """What the key opens: parts that go earlier than the file have keys of their own."""

        FILE = 0
        FINGERPRINTS = 1
        REFUSAL = 2
        RESTRICTED_COPY = 3

    ref = models.UUIDField()
    part = models.PositiveSmallIntegerField(choices=Part.choices, default=Part.FILE)
    wrapped = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("key of a visa file")
        verbose_name_plural = _("keys of visa files")
        constraints: ClassVar = [models.UniqueConstraint(fields=["ref", "part"], name="filekey_once")]

    def __str__(self) -> str:
        return f"key of {self.ref} ({self.get_part_display()})"
