"""What people ask for, and who they are."""

import secrets
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appointments.domain.references import new_reference
from appointments.models.posts import Service
from appointments.models.slots import Slot
from vault.fields import EncryptedJSONField, EncryptedTextField


def new_ticket_id() -> str:
    """128 random bits as hex: stable for the life of a request, published in draw records, tied to nothing."""
    return secrets.token_hex(16)


class Draft(models.Model):
    """What somebody is typing, so that nothing is lost on reload; gone after a day."""

    public_id = models.CharField(max_length=32, unique=True, default=new_ticket_id)
    session_hash = models.BinaryField(max_length=32)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="drafts")
    payload = EncryptedJSONField(default=dict)
    request = models.ForeignKey("Request", null=True, blank=True, on_delete=models.SET_NULL, related_name="drafts")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        indexes: ClassVar = [models.Index(fields=["updated_at"], name="draft_age")]

    def __str__(self) -> str:
        return self.public_id


class Request(models.Model):
    """What a person or family asks for. It is the ticket of every draw until it is served or ended."""

    class State(models.TextChoices):
        """Life of a request; see `domain.transitions`."""

        STANDING = "standing", _("standing")
        SERVED = "served", _("served")
        ENDED = "ended", _("ended")

    class Ended(models.TextChoices):
        """Why a request ended."""

        WITHDRAWN = "withdrawn", _("withdrawn")
        CANCELLED = "cancelled", _("cancelled")
        UNPAID = "unpaid", _("not paid in time")
        ATTENDED = "attended", _("appointment attended")
        NO_SHOW = "no_show", _("nobody came")
        LAPSED = "lapsed", _("stood for too long")
        POST_CLOSED = "post_closed", _("cancelled by the post")
        SUSPECTED = "suspected", _("ended after a suspicion was upheld")

    class Origin(models.TextChoices):
        """How it came in."""

        ONLINE = "online", _("online")
        DESK = "desk", _("at the desk")

    class Letters(models.TextChoices):
        """How often people hear of draws that they did not win; whatever asks something of them always comes."""

        DAILY = "daily", _("at most one letter a day")
        EACH = "each", _("a letter for every list and every result")
        FEW = "few", _("only when a place is drawn for me")

    ticket_id = models.CharField(max_length=32, unique=True, default=new_ticket_id, editable=False)
    reference = models.CharField(max_length=12, unique=True, default=new_reference, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="requests")
    contact = EncryptedTextField()
    contact_index = models.BinaryField(max_length=32)
    language = models.CharField(max_length=2, default="fr")
    state = models.CharField(max_length=10, choices=State.choices, default=State.STANDING)
    ended_reason = models.CharField(max_length=12, choices=Ended.choices, blank=True)
    quota = models.CharField(max_length=10, choices=Slot.Quota.choices, default=Slot.Quota.ORDINARY)
    size = models.PositiveSmallIntegerField(default=1)
    draws_lost = models.PositiveIntegerField(default=0)
    priority_draws = models.PositiveSmallIntegerField(
        default=0, help_text=_("Given by the post when it had to cancel: counted like draws lost.")
    )
    first_day = models.DateField()
    last_day = models.DateField()
    earliest = models.TimeField()
    latest = models.TimeField()
    weekdays = models.PositiveSmallIntegerField(default=127, help_text=_("Bit 0 is Monday."))
    short_notice = models.BooleanField(default=False)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.ONLINE)
    letters = models.CharField(
        max_length=5, choices=Letters.choices, default=Letters.DAILY, db_default=Letters.DAILY.value
    )
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ("-entered_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="request_ended_says_why",
                condition=Q(state="ended", ended_at__isnull=False) & ~Q(ended_reason="")
                | Q(state__in=["standing", "served"], ended_at__isnull=True, ended_reason=""),
            ),
            models.CheckConstraint(name="request_days_in_order", condition=Q(first_day__lte=F("last_day"))),
            models.CheckConstraint(name="request_hours_in_order", condition=Q(earliest__lt=F("latest"))),
            models.CheckConstraint(name="request_some_weekday", condition=Q(weekdays__range=(1, 127))),
            models.CheckConstraint(name="request_size_sensible", condition=Q(size__range=(1, 20))),
            models.CheckConstraint(name="request_quota_known", condition=Q(quota__in=["ordinary", "urgent"])),
        ]
        indexes: ClassVar = [
            models.Index(fields=["service", "id"], name="request_standing", condition=Q(state="standing")),
            models.Index(fields=["contact_index"], name="request_contact"),
            models.Index(fields=["ended_at"], name="request_ended", condition=Q(state="ended")),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="request_transitions",
                when=pgtrigger.Before,
                # Only where a guarded column is written: losing a draw writes `draws_lost` of everybody.
                operation=pgtrigger.UpdateOf(
                    "state",
                    "ticket_id",
                    "reference",
                    "service_id",
                    "size",
                    "quota",
                    "origin",
                    "contact_index",
                    "first_day",
                    "last_day",
                    "earliest",
                    "latest",
                    "weekdays",
                ),
                func="""
                    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
                            (('standing', 'served'), ('standing', 'ended'), ('served', 'ended')) THEN
                        RAISE EXCEPTION 'request_transition' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.ticket_id <> OLD.ticket_id OR NEW.reference <> OLD.reference
                            OR NEW.service_id <> OLD.service_id OR NEW.size <> OLD.size
                            OR NEW.quota <> OLD.quota OR NEW.origin <> OLD.origin
                            OR NEW.contact_index IS DISTINCT FROM OLD.contact_index THEN
                        RAISE EXCEPTION 'request_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.state <> 'standing' AND (NEW.first_day, NEW.last_day, NEW.earliest, NEW.latest, NEW.weekdays)
                            IS DISTINCT FROM (OLD.first_day, OLD.last_day, OLD.earliest, OLD.latest, OLD.weekdays) THEN
                        RAISE EXCEPTION 'request_wishes_are_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="request_end_frees_identities",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state="ended") & ~pgtrigger.Q(old__state="ended"),
                func="UPDATE appointments_person SET living = FALSE WHERE request_id = NEW.id AND living; RETURN NULL;",
            ),
            # Nobody loses a place to a machine: a person was told, could object, and another person has decided.
            pgtrigger.Trigger(
                name="request_suspected_was_told",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("ended_reason"),
                condition=pgtrigger.Q(new__ended_reason="suspected") & ~pgtrigger.Q(old__ended_reason="suspected"),
                func="""
                    IF NOT EXISTS (SELECT 1 FROM appointments_suspicion s
                                    WHERE s.request_id = NEW.id AND s.outcome = 'upheld') THEN
                        RAISE EXCEPTION 'request_suspected_without_notice' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def weight(self) -> int:
        """Lots in a draw: 1 and one more for each draw lost, at most 13."""
        return min(1 + self.draws_lost + self.priority_draws, 13)


class Person(models.Model):
    """Somebody who will come to the counter. Immutable from the moment it is written."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="people")
    position = models.PositiveSmallIntegerField()
    family_name = EncryptedTextField()
    given_names = EncryptedTextField()
    birth_date = EncryptedTextField()
    nationality = EncryptedTextField()
    passport_country = EncryptedTextField()
    passport_number = EncryptedTextField()
    france_visas = EncryptedTextField(blank=True)
    france_visas_index = models.BinaryField(max_length=32, null=True)
    identity_scope = models.CharField(max_length=40)
    identity_index = models.BinaryField(max_length=32)
    living = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("request", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "position"], name="person_position_once"),
            models.UniqueConstraint(
                fields=["identity_scope", "identity_index"],
                name="one_living_request_a_passport",
                condition=Q(living=True),
            ),
            models.UniqueConstraint(
                fields=["france_visas_index"],
                name="one_living_request_a_france_visas_number",
                condition=Q(living=True, france_visas_index__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["identity_scope", "identity_index"], name="person_identity")]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="person_cooling_off",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF EXISTS (SELECT 1 FROM appointments_coolingoff c WHERE c.identity_scope = NEW.identity_scope
                               AND c.identity_index = NEW.identity_index AND c.until > now()) THEN
                        RAISE EXCEPTION 'person_cooling_off' USING ERRCODE = 'check_violation';
                    END IF;
                    NEW.living := EXISTS (SELECT 1 FROM appointments_request r
                                          WHERE r.id = NEW.request_id AND r.state <> 'ended');
                    RETURN NEW;
                """,
            ),
            # The only change is the end of `living`, or a correction written down in the same transaction with its
            # reason. Re-encryption under a new key says so by `visa.rotating` (the plain text does not change).
            pgtrigger.Trigger(
                name="person_immutable",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.living AND NOT OLD.living THEN
                        RAISE EXCEPTION 'person_does_not_return' USING ERRCODE = 'check_violation';
                    END IF;
                    IF (NEW.request_id, NEW.position, NEW.identity_scope)
                            IS DISTINCT FROM (OLD.request_id, OLD.position, OLD.identity_scope) THEN
                        RAISE EXCEPTION 'person_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    IF (NEW.family_name, NEW.given_names, NEW.birth_date, NEW.nationality, NEW.passport_country,
                        NEW.passport_number, NEW.france_visas, NEW.identity_index, NEW.france_visas_index)
                       IS DISTINCT FROM
                       (OLD.family_name, OLD.given_names, OLD.birth_date, OLD.nationality, OLD.passport_country,
                        OLD.passport_number, OLD.france_visas, OLD.identity_index, OLD.france_visas_index)
                       AND NOT EXISTS (SELECT 1 FROM appointments_correction c WHERE c.person_id = OLD.id
                                       AND c.transaction_id = pg_current_xact_id()::text::bigint)
                       AND coalesce(current_setting('visa.rotating', TRUE), '') <> 'on' THEN
                        RAISE EXCEPTION 'person_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="person_living_is_kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__living=True),
                func="RAISE EXCEPTION 'person_is_living' USING ERRCODE = 'check_violation';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}/{self.position}"


class Correction(models.Model):
    """A typing mistake mended by staff: the reason, not the old text. It permits the change in its own transaction."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="corrections")
    field = models.CharField(max_length=20)
    distance = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300)
    author = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    transaction_id = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        constraints: ClassVar = [
            models.CheckConstraint(name="correction_is_small", condition=Q(distance__range=(1, 3))),
            models.CheckConstraint(name="correction_has_a_reason", condition=~Q(reason="")),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="correction_stamp",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="NEW.transaction_id := pg_current_xact_id()::text::bigint; RETURN NEW;",
            ),
            pgtrigger.Protect(name="correction_is_append_only", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.field}"


class CoolingOff(models.Model):
    """A pause for an identity after a cancellation or a lapsed offer; kept by a trigger on the people's table."""

    identity_scope = models.CharField(max_length=40)
    identity_index = models.BinaryField(max_length=32)
    until = models.DateTimeField()
    reason = models.CharField(max_length=12, choices=Request.Ended.choices)

    class Meta:
        verbose_name = _("cooling-off")
        verbose_name_plural = _("cooling-offs")
        indexes: ClassVar = [
            models.Index(fields=["identity_scope", "identity_index", "until"], name="cooling_off_identity"),
            models.Index(fields=["until"], name="cooling_off_until"),
        ]

    def __str__(self) -> str:
        return f"{self.identity_scope} {self.until:%Y-%m-%d}"
