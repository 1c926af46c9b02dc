"""Imports: rows wait sealed until they are files, or until somebody mends them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vault.fields import EncryptedJSONField


class ImportBatch(models.Model):
    """One file of rows that somebody brought."""

    class State(models.TextChoices):
        """Read, looked at, imported."""

        PREVIEW = "preview"
        IMPORTING = "importing"
        DONE = "done"

    post_key = models.CharField(max_length=40)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    made_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    columns = models.JSONField(default=list)

    class Meta:
        verbose_name = _("import of visa files")
        verbose_name_plural = _("imports of visa files")

    def __str__(self) -> str:
        return f"import {self.pk}"


class ImportRow(models.Model):
    """One row of an import. Its content is emptied as soon as it is a file."""

    class Outcome(models.TextChoices):
        """What became of a row."""

        READY = "ready"
        REFUSED = "refused"
        NEW = "new"
        ADDED_TO = "added_to"
        UNCHANGED = "unchanged"

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    content = EncryptedJSONField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    # [field, reason, data]: never the value itself.
    problems = models.JSONField(default=list)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "line"], name="importrow_once")]
        indexes: ClassVar = [models.Index(fields=["batch", "outcome"], name="importrow_outcome")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.outcome}"
