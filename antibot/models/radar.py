"""What was seen, and the cases that staff decide."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from vault.fields import EncryptedTextField

NOTICE_DAYS = 7  # between the notice to the person and any consequence


class Sighting(models.Model):
    """One request made for one identity: blind indexes to compare, the network itself encrypted for evidence."""

    at = models.DateTimeField(_("at"))
    scope_key = models.CharField(_("scope"), max_length=120)
    post_key = models.SlugField(_("post"), max_length=20)
    subject = models.CharField(max_length=100, blank=True)
    identity_index = models.BinaryField(max_length=64)
    session_hash = models.BinaryField(max_length=32)
    network = EncryptedTextField(_("network"), blank=True)
    network_index = models.BinaryField(max_length=32)
    shared = models.BooleanField(_("shared network"), default=False)
    contact_index = models.BinaryField(max_length=32, null=True)
    pattern_index = models.BinaryField(max_length=32, null=True)

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        indexes: ClassVar = [
            models.Index(fields=["at"], name="antibot_sighting_at"),
            models.Index(fields=["subject"], name="antibot_sighting_subject"),
            models.Index(fields=["session_hash", "at"], name="antibot_sighting_session"),
        ]

    def __str__(self) -> str:
        return f"sighting {self.pk}"


class RadarCase(models.Model):
    """A group of subjects with something in common. It never acts: a person decides, after a notice and an objection.

    `upheld` is possible only NOTICE_DAYS after the people were told; the database insists.
    """

    class State(models.TextChoices):
        """Where a case stands."""

        OPEN = "open", _("to be looked at")
        NOTIFIED = "notified", _("people were told")
        DISMISSED = "dismissed", _("dismissed")
        UPHELD = "upheld", _("upheld")

    reference = models.CharField(_("reference"), max_length=12, unique=True)
    fingerprint = models.BinaryField(max_length=32, unique=True)
    post_key = models.SlugField(_("post"), max_length=20)
    score = models.PositiveSmallIntegerField(_("score"))
    explanation = models.JSONField(_("explanation"), default=list)
    subjects = models.JSONField(default=list)
    identities = models.PositiveIntegerField(_("identities"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField(_("reason of the decision"), max_length=1000, blank=True)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))
    opened_at = models.DateTimeField(_("opened at"))
    notified_at = models.DateTimeField(_("people told at"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )

    class Meta:
        verbose_name = _("suspicion")
        verbose_name_plural = _("suspicions")
        ordering: ClassVar = ["-score", "-last_seen"]
        indexes: ClassVar = [models.Index(fields=["state", "-score"], name="antibot_case_queue")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="antibot_case_decided",
                condition=Q(state__in=["open", "notified"], decided_at__isnull=True)
                | (
                    Q(state__in=["dismissed", "upheld"], decided_at__isnull=False, decided_by__isnull=False)
                    & ~Q(reason="")
                ),
            ),
            models.CheckConstraint(
                name="antibot_case_upheld_after_notice",
                condition=~Q(state="upheld")
                | Q(
                    notified_at__isnull=False,
                    decided_at__gte=F("notified_at")
                    + Value(f"{NOTICE_DAYS} days", output_field=models.DurationField()),
                ),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="case_states",
                field="state",
                transitions=[
                    ("open", "dismissed"),
                    ("open", "notified"),
                    ("notified", "dismissed"),
                    ("notified", "upheld"),
                ],
            ),
            # Whoever objected is answered before anything is decided against them.
            pgtrigger.Trigger(
                name="case_upheld_objections_answered",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state="upheld") & ~pgtrigger.Q(old__state="upheld"),
                func="""
                    IF EXISTS (SELECT 1 FROM antibot_appeal a WHERE a.case_id = NEW.id AND a.state = 'open') THEN
                        RAISE EXCEPTION 'case_has_open_objections' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.reference
