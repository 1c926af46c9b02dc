"""Draws and their public documents."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appointments.models.policies import ReleasePolicy
from appointments.models.posts import Service


class Draw(models.Model):
    """The ordering of claims by lot and the assignment of slots in that order (random serial dictatorship)."""

    class State(models.TextChoices):
        """A draw collects, is committed (the list is public, the randomness does not exist yet), and is drawn."""

        COLLECTING = "collecting", _("collecting")
        COMMITTED = "committed", _("list published, waiting for the randomness")
        DRAWN = "drawn", _("drawn")
        EMPTY = "empty", _("nobody asked")

    class Source(models.TextChoices):
        """Where the randomness comes from."""

        DRAND = "drand-quicknet", _("drand, quicknet")
        DEMONSTRATION = "demonstration", _("demonstration, not verifiable")

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="draws")
    policy = models.ForeignKey(ReleasePolicy, on_delete=models.PROTECT, related_name="draws")
    standby = models.BooleanField(default=False, help_text=_("Only requests that can come at short notice."))
    state = models.CharField(max_length=10, choices=State.choices, default=State.COLLECTING)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    source = models.CharField(max_length=20, choices=Source.choices)
    committed_at = models.DateTimeField(null=True, blank=True)
    list_hash = models.BinaryField(max_length=32, null=True)
    previous_hash = models.BinaryField(max_length=32, null=True)
    round = models.BigIntegerField(null=True, blank=True)
    randomness = models.BinaryField(max_length=32, null=True)
    signature = models.BinaryField(max_length=96, null=True)
    drawn_at = models.DateTimeField(null=True, blank=True)
    result_hash = models.BinaryField(max_length=32, null=True)
    slots_count = models.PositiveIntegerField(default=0)
    tickets_count = models.PositiveIntegerField(default=0)
    people_count = models.PositiveIntegerField(default=0)
    winners_count = models.PositiveIntegerField(default=0)
    assigned_count = models.PositiveIntegerField(default=0)
    closed_count = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("Slots of the list that were not given because the post closed.")
    )
    postponed_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        ordering = ("-opened_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="draw_committed_has_its_list",
                condition=Q(state__in=["collecting", "empty"])
                | Q(committed_at__isnull=False, list_hash__isnull=False, round__isnull=False),
            ),
            models.CheckConstraint(
                name="draw_drawn_has_its_randomness",
                condition=~Q(state="drawn") | Q(drawn_at__isnull=False, randomness__isnull=False),
            ),
            # The list must be public before its randomness can be known.
            models.CheckConstraint(
                name="draw_randomness_only_after_the_list",
                condition=Q(randomness__isnull=True) | Q(committed_at__isnull=False),
            ),
            models.CheckConstraint(name="draw_closes_after_it_opens", condition=Q(closes_at__gte=F("opened_at"))),
        ]
        indexes: ClassVar = [
            models.Index(fields=["closes_at"], name="draw_living", condition=Q(state__in=["collecting", "committed"])),
            models.Index(fields=["service", "-closes_at"], name="draw_history"),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="draw_published_facts_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.state IN ('drawn', 'empty') AND NEW.state <> OLD.state THEN
                        RAISE EXCEPTION 'draw_is_over' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.list_hash IS NOT NULL AND (NEW.list_hash IS DISTINCT FROM OLD.list_hash
                            OR NEW.round IS DISTINCT FROM OLD.round
                            OR NEW.previous_hash IS DISTINCT FROM OLD.previous_hash
                            OR NEW.source IS DISTINCT FROM OLD.source
                            OR NEW.committed_at IS DISTINCT FROM OLD.committed_at) THEN
                        RAISE EXCEPTION 'draw_list_is_published' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.randomness IS NOT NULL AND (NEW.randomness IS DISTINCT FROM OLD.randomness
                            OR NEW.signature IS DISTINCT FROM OLD.signature) THEN
                        RAISE EXCEPTION 'draw_randomness_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="draw_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.closes_at:%Y-%m-%d %H:%M}"


class DrawDocument(models.Model):
    """A part of the public record, compressed with zlib: the list (before the randomness) or the result (after)."""

    class Part(models.TextChoices):
        """The two halves of a record."""

        LIST = "list"
        RESULT = "result"

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="documents")
    part = models.CharField(max_length=6, choices=Part.choices)
    body = models.BinaryField()
    plain_bytes = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["draw", "part"], name="draw_document_once")]
        triggers: ClassVar = [
            # Deleting stays possible: the retention rule reduces old records to hashes and counts.
            pgtrigger.Protect(name="draw_document_never_rewritten", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"{self.draw_id} {self.part}"
