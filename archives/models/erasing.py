"""What an erasure leaves behind: that it took place, under which rule, and nothing about whom."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from archives.models.protection import append_only


class ErasureRun(models.Model):
    """One night, or one order by hand."""

    class State(models.TextChoices):
        """A run that is still `running` long after was killed; the next one finishes its work."""

        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    for_day = models.DateField(_("day"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(_("begun at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    missed_nights = models.PositiveIntegerField(_("nights missed"), default=0)
    stale_files = models.PositiveIntegerField(_("files found too late"), default=0)
    erased_files = models.PositiveIntegerField(_("files erased"), default=0)
    failure = models.CharField(_("failure"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("erasure run")
        verbose_name_plural = _("erasure runs")
        indexes: ClassVar = [models.Index(fields=["for_day"], name="erasurerun_day")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True) | ~Q(state="running"), name="erasurerun_finished"
            )
        ]

    def __str__(self) -> str:
        return f"erasure run {self.pk} for {self.for_day}"


class ErasureEntry(models.Model):
    """One line of the journal: counts, rule, profile, period, hash. No personal data, and no name of a file."""

    run = models.ForeignKey(ErasureRun, on_delete=models.PROTECT, related_name="entries", verbose_name=_("run"))
    number = models.PositiveIntegerField()
    at = models.DateTimeField(_("at"))
    what = models.CharField(_("what"), max_length=60)
    profile = models.CharField(_("profile"), max_length=20, blank=True)
    basis = models.CharField(_("ground"), max_length=80, blank=True)
    first_day = models.DateField(_("first day"), null=True)
    last_day = models.DateField(_("last day"), null=True)
    rows = models.PositiveIntegerField(_("rows"))
    counts = models.JSONField(default=dict)
    # Chained within the run: a line cannot be taken out or changed without breaking the next.
    digest = models.BinaryField()

    class Meta:
        verbose_name = _("line of the erasure journal")
        verbose_name_plural = _("lines of the erasure journal")
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "number"], name="erasureentry_once")]
        triggers: ClassVar = [append_only("erasureentry_append_only")]

    def __str__(self) -> str:
        return f"{self.what}: {self.rows}"


class Doomed(models.Model):
    """Keys and stored files to be destroyed: written with the deletion of the rows, gone when the work is done."""

    refs = ArrayField(models.UUIDField(), default=list)
    parts = ArrayField(models.PositiveSmallIntegerField(), default=list)
    blobs = ArrayField(models.CharField(max_length=80), default=list)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("file that is being erased")
        verbose_name_plural = _("files that are being erased")

    def __str__(self) -> str:
        return f"{len(self.refs)} keys, {len(self.blobs)} stored files"


class ProcessingRecord(models.Model):
    """Art. 34 VIS: purpose, date, kind of data, who. Not the file's data; it outlives the file by one year."""

    class Purpose(models.TextChoices):
        """Why a file was processed."""

        IMPORT = "import"
        DECISION = "decision"
        CONSULTATION = "consultation"
        SEARCH = "search"
        COPY = "copy"
        CORRECTION = "correction"
        ACCESS = "access"

    file_ref = models.UUIDField(null=True)
    post_key = models.CharField(max_length=40)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    kind_of_data = models.CharField(max_length=40)
    actor = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    gone_from = models.DateField(null=True)

    class Meta:
        verbose_name = _("record of processing")
        verbose_name_plural = _("records of processing")
        indexes: ClassVar = [
            models.Index(fields=["gone_from", "id"], name="processingrecord_due", condition=Q(gone_from__isnull=False)),
            # A record whose file is gone points at nothing any more, and needs no place here.
            models.Index(fields=["file_ref"], name="processingrecord_file", condition=Q(file_ref__isnull=False)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    purpose__in=["import", "decision", "consultation", "search", "copy", "correction", "access"]
                ),
                name="processingrecord_purpose",
            ),
            models.CheckConstraint(condition=Q(kind_of_data__regex=r"^[a-z_]*$"), name="processingrecord_kind"),
        ]
        triggers: ClassVar = [append_only("processingrecord_append_only")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.at:%Y-%m-%d}"


class RestrictedCopy(models.Model):
    """What litigation keeps of a file that is gone: its own key, its own legal basis, its own end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post_key = models.CharField(max_length=40)
    legal_basis = models.CharField(max_length=20)
    allowed_from = models.DateField()
    gone_from = models.DateField(db_index=True)
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("restricted copy")
        verbose_name_plural = _("restricted copies")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(legal_basis__in=["GDPR 17(3)(e)", "court order"]), name="copy_basis")
        ]

    def __str__(self) -> str:
        return f"restricted copy {self.pk}"
