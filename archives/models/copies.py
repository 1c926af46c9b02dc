"""Requests for a copy of an issued visa, their documents, decisions and deliveries."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appointments.domain.references import new_reference
from vault.fields import EncryptedJSONField, EncryptedTextField


class CopySettings(models.Model):
    """What a post has decided about copies; a post without a row has the defaults."""

    post_key = models.CharField(_("post"), max_length=40, unique=True)
    two_persons = models.BooleanField(_("two persons decide"), default=True)
    mandates = models.BooleanField(_("others may ask with an express mandate"), default=False)
    contact = models.EmailField(_("contact address of the consulate"), blank=True)

    class Meta:
        verbose_name = _("settings for copies")
        verbose_name_plural = _("settings for copies")

    def __str__(self) -> str:
        return self.post_key


class OfficialDomain(models.Model):
    """A mail domain that prefectures write from, kept by staff; compared whole, never as an ending."""

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    name = models.CharField(_("prefecture"), max_length=120)

    class Meta:
        verbose_name = _("official mail domain")
        verbose_name_plural = _("official mail domains")
        ordering = ("domain",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="officialdomain_shape", condition=Q(domain__regex=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.[a-z]{2,}$")
            )
        ]

    def __str__(self) -> str:
        return self.domain


class CopyRequest(models.Model):
    """Somebody asks for the facsimile of a visa that a consulate issued."""

    class Kind(models.TextChoices):
        """Who may ask (conditions published by the consulate general in Algiers, 2012)."""

        HOLDER = "holder", _("the holder of the visa")
        LAWYER = "lawyer", _("a lawyer")
        PREFECTURE = "prefecture", _("a prefecture")
        MANDATE = "mandate", _("somebody with an express mandate")

    class State(models.TextChoices):
        """From the first page to the end."""

        DRAFT = "draft", _("being written")
        RECEIVED = "received", _("received")
        PROPOSED = "proposed", _("decision proposed")
        GRANTED = "granted", _("copy granted")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Refusal(models.TextChoices):
        """Reasons that stand ready; each has its letter."""

        ERASED = "erased", _("the data were erased on time")
        NOT_ISSUED = "not_issued", _("not issued by this consulate")
        IDENTITY = "identity", _("identity not established")
        NOT_ENTITLED = "not_entitled", _("the requester is not entitled")
        NOT_FOUND = "not_found", _("nothing was found")
        OTHER = "other", _("another reason, written out")

    reference = models.CharField(max_length=12, unique=True, default=new_reference, editable=False)
    post_key = models.CharField(_("post"), max_length=40)
    kind = models.CharField(_("requester"), max_length=10, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    language = models.CharField(_("language"), max_length=2, default="fr")
    origin = models.CharField(
        _("origin"), max_length=6, choices=[("online", _("online")), ("mail", _("by mail"))], default="online"
    )
    session_hash = models.BinaryField(max_length=32, null=True)
    contact = EncryptedTextField(null=True)
    contact_index = models.BinaryField(max_length=32, null=True)
    answers = EncryptedJSONField(default=dict)
    created_at = models.DateTimeField(_("begun at"))
    received_at = models.DateTimeField(_("received"), null=True)
    deadline = models.DateField(_("silence refuses after"), null=True)
    # No foreign key: the file's erasure must neither wait for this row nor change it.
    file_id = models.UUIDField(null=True)
    # Set by the erasure of the file, which takes `file_id` away: the request remembers that there was one, not which.
    erased_on = models.DateField(_("file erased on"), null=True)
    identity_by = models.CharField(max_length=150, blank=True)
    identity_how = models.CharField(max_length=200, blank=True)
    identity_at = models.DateTimeField(_("identity checked at"), null=True)
    proposal = models.CharField(max_length=8, choices=[("grant", "grant"), ("refuse", "refuse")], blank=True)
    refusal = models.CharField(max_length=14, choices=Refusal.choices, blank=True)
    refusal_text = EncryptedTextField(_("words of the refusal"), null=True)
    proposed_by = models.CharField(_("proposed by"), max_length=150, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("request for a copy")
        verbose_name_plural = _("requests for copies")
        ordering = ("deadline", "id")
        indexes: ClassVar = [
            models.Index(
                fields=["post_key", "deadline"], name="copy_open", condition=Q(state__in=["received", "proposed"])
            ),
            models.Index(fields=["created_at"], name="copy_draft", condition=Q(state="draft")),
            models.Index(fields=["contact_index"], name="copy_contact"),
            models.Index(fields=["file_id"], name="copy_file", condition=Q(file_id__isnull=False)),
            models.Index(fields=["decided_at"], name="copy_decided", condition=Q(decided_at__isnull=False)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="copy_received_has_its_deadline",
                condition=Q(state="draft")
                | Q(received_at__isnull=False, deadline__isnull=False, contact__isnull=False),
            ),
            models.CheckConstraint(
                name="copy_granted_has_its_file_or_its_erasure",
                condition=~Q(state="granted")
                | Q(file_id__isnull=False, identity_at__isnull=False)
                | Q(erased_on__isnull=False, identity_at__isnull=False),
            ),
            models.CheckConstraint(
                name="copy_erased_points_at_nothing", condition=Q(erased_on__isnull=True) | Q(file_id__isnull=True)
            ),
            models.CheckConstraint(name="copy_refused_says_why", condition=~Q(state="refused") | ~Q(refusal="")),
            models.CheckConstraint(
                name="copy_decided_says_who",
                condition=~Q(state__in=["granted", "refused"]) | ~Q(decided_by="") & Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="copy_other_reason_is_written", condition=~Q(refusal="other") | Q(refusal_text__isnull=False)
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="copy_transitions",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                            ('draft', 'received'), ('received', 'proposed'), ('received', 'granted'),
                            ('received', 'refused'), ('proposed', 'received'), ('proposed', 'granted'),
                            ('proposed', 'refused'), ('received', 'withdrawn'), ('proposed', 'withdrawn')) THEN
                        RAISE EXCEPTION 'copy_transition' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.state <> 'draft'
                            AND (NEW.reference, NEW.kind, NEW.post_key, NEW.contact_index, NEW.deadline)
                            IS DISTINCT FROM (OLD.reference, OLD.kind, OLD.post_key, OLD.contact_index, OLD.deadline) THEN
                        RAISE EXCEPTION 'copy_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state IN ('granted', 'refused') AND OLD.state <> NEW.state
                            AND NEW.decided_by = NEW.proposed_by
                            AND coalesce((SELECT s.two_persons FROM archives_copysettings s
                                          WHERE s.post_key = NEW.post_key), TRUE) THEN
                        RAISE EXCEPTION 'copy_needs_a_second_person' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state = 'granted' AND OLD.state <> 'granted'
                            OR NEW.file_id IS NOT NULL AND NEW.file_id IS DISTINCT FROM OLD.file_id THEN
                        PERFORM 1 FROM archives_visafile f WHERE f.id = NEW.file_id FOR KEY SHARE;
                        IF NOT FOUND THEN
                            RAISE EXCEPTION 'copy_file_is_erased' USING ERRCODE = 'check_violation';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class CopyUpload(models.Model):
    """The copy of an identity document, made anew from its pictures, encrypted; gone once identity is verified."""

    request = models.OneToOneField(CopyRequest, on_delete=models.CASCADE, related_name="upload")
    body = models.BinaryField()
    pages = models.PositiveSmallIntegerField()
    size = models.PositiveIntegerField()
    scanned = models.BooleanField(default=False)
    stored_at = models.DateTimeField()

    class Meta:
        verbose_name = _("document of a request for a copy")
        verbose_name_plural = _("documents of requests for copies")
        constraints: ClassVar = [models.CheckConstraint(name="copyupload_small", condition=Q(size__lte=12_000_000))]

    def __str__(self) -> str:
        return f"document of {self.request_id}"


class CopyDelivery(models.Model):
    """The way to a granted copy: a link that needs a fresh code, ends, and counts."""

    request = models.OneToOneField(CopyRequest, on_delete=models.CASCADE, related_name="delivery")
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    downloads = models.PositiveSmallIntegerField(default=0)
    most_downloads = models.PositiveSmallIntegerField(default=5)
    last_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery of a copy")
        verbose_name_plural = _("deliveries of copies")
        constraints: ClassVar = [
            models.CheckConstraint(name="delivery_counted", condition=Q(downloads__lte=F("most_downloads")))
        ]
        triggers: ClassVar = [
            # No facsimile after erasure, whatever the program has in its hands: each is counted before it is handed
            # over, and the count waits for an erasure that is under way.
            pgtrigger.Trigger(
                name="delivery_needs_its_file",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.downloads > OLD.downloads"),
                func="""
                    PERFORM 1 FROM archives_visafile f JOIN archives_copyrequest r ON r.file_id = f.id
                        WHERE r.id = NEW.request_id FOR KEY SHARE OF f;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'copy_file_is_erased' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"delivery of {self.request_id}"
