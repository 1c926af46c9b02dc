"""Visa files: what is known of them in clear is what retention and scope need; the person is sealed."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from archives.domain.retention import PROFILES, EventType, State
from archives.models.protection import append_only
from vault.fields import EncryptedTextField

EVENT_TYPES = [(kind.value, kind.value) for kind in EventType]
PROFILE_KEYS = [(key, profile.title) for key, profile in PROFILES.items()]
STATES = [(state.value, state.value) for state in State]


def _one_of(field: str, choices: list[tuple[str, str]], name: str, *, blank: bool = False) -> models.CheckConstraint:
    values = [value for value, _ in choices] + ([""] if blank else [])
    return models.CheckConstraint(condition=Q(**{f"{field}__in": values}), name=name)


class VisaFile(models.Model):
    """One application. `sealed` is the holder under a key of this file alone; the indexes find, and tell nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post_key = models.CharField(_("post"), max_length=40)
    category = models.CharField(_("category"), max_length=1, choices=[(c, c) for c in "ACD"])
    profile = models.CharField(_("profile"), max_length=20, choices=PROFILE_KEYS)
    created_on = models.DateField(_("created on"), null=True)
    status = models.CharField(_("status"), max_length=32, choices=EVENT_TYPES, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=STATES)
    # Derived from the events by `archives.files.dating` and derived again by check_integrity.
    start_date = models.DateField(_("period begins"), null=True)
    start_basis = models.CharField(_("ground of the period"), max_length=80)
    ordinary_last_day = models.DateField(null=True)
    gone_from = models.DateField(_("gone from"), null=True)
    advance_basis = models.CharField(_("ground of earlier erasure"), max_length=10, blank=True)
    floor_until = models.DateField(_("kept at least until"), null=True)

    file_number_index = models.BinaryField()
    passport_index = models.BinaryField(null=True)
    visa_number_index = models.BinaryField(null=True)
    birth_index = models.BinaryField(null=True)
    email_index = models.BinaryField(null=True)
    name_keys = ArrayField(models.BigIntegerField(), default=list)
    # Keyed hashes of what looks like a document number or an address in the free text of the sealed data, so that an
    # erased identifier is found in other people's files without opening them all. NULL: not looked at yet.
    mentions = ArrayField(models.BigIntegerField(), null=True)
    sealed = models.BinaryField()

    import_digest = models.BinaryField(null=True)
    entered_at = models.DateTimeField(_("entered at"))

    class Meta:
        verbose_name = _("visa file")
        verbose_name_plural = _("visa files")
        indexes: ClassVar = [
            models.Index(fields=["gone_from", "id"], name="visafile_due", condition=Q(gone_from__isnull=False)),
            models.Index(fields=["created_on"], name="visafile_open", condition=Q(gone_from__isnull=True)),
            models.Index(fields=["passport_index"], name="visafile_passport"),
            models.Index(fields=["visa_number_index"], name="visafile_visa"),
            models.Index(fields=["birth_index"], name="visafile_birth"),
            models.Index(fields=["email_index"], name="visafile_email"),
            GinIndex(fields=["name_keys"], name="visafile_names"),
            GinIndex(fields=["mentions"], name="visafile_mentions", condition=Q(mentions__len__gt=0)),
            models.Index(fields=["id"], name="visafile_unread", condition=Q(mentions__isnull=True)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["file_number_index", "post_key"],
                name="visafile_number_once",
                violation_error_message="This post already holds a file with this number.",
            ),
            _one_of("category", [(c, c) for c in "ACD"], "visafile_category"),
            _one_of("profile", PROFILE_KEYS, "visafile_profile"),
            _one_of("status", EVENT_TYPES, "visafile_status", blank=True),
            _one_of("state", STATES, "visafile_state"),
            models.CheckConstraint(
                name="visafile_running_has_date",
                condition=Q(state="OPEN_NO_START", gone_from__isnull=True)
                | (~Q(state="OPEN_NO_START") & Q(gone_from__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"visa file {self.pk}"


class FileEvent(models.Model):
    """What happened to a file. Rows are added, never changed; they leave with the file."""

    file = models.ForeignKey(VisaFile, on_delete=models.DO_NOTHING, related_name="events")
    type = models.CharField(max_length=32, choices=EVENT_TYPES)
    date = models.DateField()
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    category = models.CharField(max_length=1, blank=True)
    # A correction names its field; its value only where it is a date or a category, never the person's.
    field = models.CharField(max_length=24, blank=True)
    value = models.CharField(max_length=10, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("decision of a visa file")
        verbose_name_plural = _("decisions of visa files")
        constraints: ClassVar = [
            _one_of("type", EVENT_TYPES, "fileevent_type"),
            models.CheckConstraint(name="fileevent_field", condition=Q(field__regex=r"^[a-z_]*$")),
            models.CheckConstraint(
                name="fileevent_value", condition=Q(value__regex=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[ACD]?)$")
            ),
            models.CheckConstraint(name="fileevent_category", condition=Q(category__in=["", "A", "C", "D"])),
        ]
        triggers: ClassVar = [append_only("fileevent_append_only")]

    def __str__(self) -> str:
        return f"{self.type} {self.date}"


class FileLink(models.Model):
    """Two files that know each other; goes with the first of them (art. 23(2))."""

    class Kind(models.TextChoices):
        """Art. 8(4) and art. 8(3)."""

        GROUP = "group"
        EARLIER = "earlier"

    first = models.ForeignKey(VisaFile, on_delete=models.DO_NOTHING, related_name="links_out")
    second = models.ForeignKey(VisaFile, on_delete=models.DO_NOTHING, related_name="links_in")
    kind = models.CharField(max_length=8, choices=Kind.choices)

    class Meta:
        verbose_name = _("link between visa files")
        verbose_name_plural = _("links between visa files")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second", "kind"], name="filelink_once"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="filelink_two_files"),
            models.CheckConstraint(condition=Q(kind__in=["group", "earlier"]), name="filelink_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.first_id} – {self.second_id}"


class FileDocument(models.Model):
    """A document of the individual file (Visa Code art. 37(3)), stored under the file's key."""

    class Kind(models.TextChoices):
        """What the individual file holds by law."""

        FORM = "form"
        SUPPORTING = "supporting"
        CHECKS = "checks"
        VISA_REFERENCE = "visa_reference"

    file = models.ForeignKey(VisaFile, on_delete=models.DO_NOTHING, related_name="documents")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    media_type = models.CharField(max_length=40)
    blob = models.CharField(max_length=80, unique=True)
    size = models.PositiveIntegerField()
    stored_at = models.DateTimeField()

    class Meta:
        verbose_name = _("document of a visa file")
        verbose_name_plural = _("documents of visa files")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["form", "supporting", "checks", "visa_reference"]), name="filedocument_kind"
            ),
            models.CheckConstraint(
                condition=Q(blob__regex=r"^sealed/[0-9a-f]{2}/[0-9a-f]{30}$"), name="filedocument_blob"
            ),
            models.CheckConstraint(
                condition=Q(media_type__regex=r"^[a-z]+/[a-z.+-]+$"), name="filedocument_media_type"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.file_id}"


class SealedPart(models.Model):
    """A part of the holder's data that goes before the rest, under a key of its own."""

    class Kind(models.TextChoices):
        """Fingerprints (national text) and the data of a refusal (art. 12, 25(3))."""

        FINGERPRINTS = "fingerprints"
        REFUSAL = "refusal_data_art12"

    file = models.ForeignKey(VisaFile, on_delete=models.DO_NOTHING, related_name="parts")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    sealed = models.BinaryField()
    gone_from = models.DateField(null=True)
    basis = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("sealed part of a visa file")
        verbose_name_plural = _("sealed parts of visa files")
        indexes: ClassVar = [
            models.Index(fields=["gone_from", "id"], name="sealedpart_due", condition=Q(gone_from__isnull=False))
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "kind"], name="sealedpart_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["fingerprints", "refusal_data_art12"]), name="sealedpart_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.file_id}"


class Hold(models.Model):
    """The legal basis of a copy for litigation: without one, a hold on the file keeps nothing."""

    class Basis(models.TextChoices):
        """Texts that allow a copy for a claim."""

        CLAIM = "GDPR 17(3)(e)", "Legal claim (GDPR art. 17(3)(e), 18)"
        COURT = "court order", "Order of a court"

    file = models.OneToOneField(VisaFile, on_delete=models.DO_NOTHING, related_name="hold")
    legal_basis = models.CharField(max_length=20, choices=Basis.choices)
    ends_by = models.DateField()
    lifted_on = models.DateField(null=True)
    reason = EncryptedTextField(null=True)
    # An account's number, as in events and records of processing.
    set_by = models.BigIntegerField(null=True)
    set_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("litigation hold")
        verbose_name_plural = _("litigation holds")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(legal_basis__in=["GDPR 17(3)(e)", "court order"]), name="hold_basis")
        ]

    def __str__(self) -> str:
        return f"hold on {self.file_id}"
