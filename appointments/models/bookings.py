"""Slots assigned to requests."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appointments.domain.references import new_reference
from appointments.models.draws import Draw
from appointments.models.requests import Person, Request
from appointments.models.slots import Slot


class Booking(models.Model):
    """A slot, or adjacent slots, assigned to a request: held, then confirmed by payment, then used or ended."""

    class State(models.TextChoices):
        """Life of a booking; see `domain.transitions`."""

        HELD = "held", _("held, waiting for payment")
        CONFIRMED = "confirmed", _("confirmed")
        ATTENDED = "attended", _("attended")
        NO_SHOW = "no_show", _("nobody came")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("not paid in time")

    class Origin(models.TextChoices):
        """How the slot was found."""

        FIRST_COME = "first_come", _("first come")
        DRAW = "draw", _("draw")
        WALK_IN = "walk_in", _("walk-in")

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="booking")
    reference = models.CharField(max_length=12, unique=True, default=new_reference, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    draw = models.ForeignKey(Draw, null=True, blank=True, on_delete=models.PROTECT, related_name="bookings")
    local_day = models.DateField(_("day"))
    local_time = models.TimeField(_("time"))
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    hold_until = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="booking_confirmed_is_paid",
                condition=Q(state__in=["held", "cancelled", "expired"]) | Q(paid_at__isnull=False) | Q(amount_cents=0),
            ),
            models.CheckConstraint(
                name="booking_finished_says_when",
                condition=Q(state__in=["held", "confirmed"], finished_at__isnull=True)
                | Q(state__in=["attended", "no_show", "cancelled", "expired"], finished_at__isnull=False),
            ),
            models.CheckConstraint(
                name="booking_drawn_has_its_draw",
                condition=Q(origin="draw", draw__isnull=False) | (~Q(origin="draw") & Q(draw__isnull=True)),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["hold_until"], name="booking_hold_due", condition=Q(state="held")),
            models.Index(fields=["local_day", "local_time"], name="booking_day"),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="booking_transitions",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                            ('held', 'confirmed'), ('held', 'cancelled'), ('held', 'expired'),
                            ('confirmed', 'attended'), ('confirmed', 'no_show'), ('confirmed', 'cancelled'),
                            ('attended', 'confirmed'), ('no_show', 'confirmed'),
                            ('no_show', 'attended'), ('attended', 'no_show')) THEN
                        RAISE EXCEPTION 'booking_transition' USING ERRCODE = 'check_violation';
                    END IF;
                    IF (NEW.request_id, NEW.reference, NEW.origin, NEW.draw_id, NEW.local_day, NEW.local_time,
                        NEW.amount_cents, NEW.currency, NEW.created_at)
                       IS DISTINCT FROM
                       (OLD.request_id, OLD.reference, OLD.origin, OLD.draw_id, OLD.local_day, OLD.local_time,
                        OLD.amount_cents, OLD.currency, OLD.created_at) THEN
                        RAISE EXCEPTION 'booking_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # A slot that comes back waits in the pool like any other: it never returns to whoever gave it back.
            pgtrigger.Trigger(
                name="booking_end_frees_slots",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state__in=["cancelled", "expired"])
                & ~pgtrigger.Q(old__state__in=["cancelled", "expired"]),
                func="UPDATE appointments_place SET living = FALSE WHERE booking_id = NEW.id AND living; RETURN NULL;",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def subject(self) -> str:
        """The opaque name under which antibot keeps the payment."""
        return f"booking:{self.reference}"


class Place(models.Model):
    """One person at one slot. Its triggers move the slot: one slot, one living place."""

    class Outcome(models.TextChoices):
        """What happened at the counter."""

        EXPECTED = "expected", _("expected")
        MATCH = "match", _("identity matches")
        LATE = "late", _("came late, identity matches")
        MISMATCH = "mismatch", _("identity does not match")
        NO_SHOW = "no_show", _("did not come")

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="places")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="places")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="places")
    living = models.BooleanField(default=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.EXPECTED)
    outcome_at = models.DateTimeField(null=True, blank=True)
    outcome_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slot"], name="one_booking_a_slot", condition=Q(living=True)),
            models.UniqueConstraint(fields=["person"], name="one_place_a_person", condition=Q(living=True)),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="place_takes_the_slot",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("b", "RECORD")],
                func="""
                    SELECT bk.origin, bk.draw_id, rq.service_id, rq.id AS request_id INTO b
                      FROM appointments_booking bk JOIN appointments_request rq ON rq.id = bk.request_id
                     WHERE bk.id = NEW.booking_id;
                    IF NOT EXISTS (SELECT 1 FROM appointments_person p
                                    WHERE p.id = NEW.person_id AND p.request_id = b.request_id) THEN
                        RAISE EXCEPTION 'place_of_a_stranger' USING ERRCODE = 'check_violation';
                    END IF;
                    UPDATE appointments_slot s SET state = 'taken'
                     WHERE s.id = NEW.slot_id AND s.service_id = b.service_id AND (
                           (b.origin = 'first_come' AND s.state = 'released')
                        OR (b.origin = 'draw' AND s.state = 'in_draw' AND EXISTS (
                                SELECT 1 FROM appointments_release r WHERE r.id = s.release_id AND r.draw_id = b.draw_id))
                        OR (b.origin = 'walk_in' AND s.state IN ('pooled', 'withheld', 'released')
                            AND s.starts_at BETWEEN now() - interval '4 hours' AND now() + interval '12 hours'));
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'slot_not_open' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="place_is_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF (NEW.booking_id, NEW.slot_id, NEW.person_id)
                            IS DISTINCT FROM (OLD.booking_id, OLD.slot_id, OLD.person_id)
                            OR (NEW.living AND NOT OLD.living) THEN
                        RAISE EXCEPTION 'place_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="place_end_withholds_the_slot",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("living"),
                condition=pgtrigger.Q(old__living=True, new__living=False),
                func="""
                    UPDATE appointments_slot SET state = 'withheld', release_id = NULL, returned_at = now(),
                           quota = 'ordinary'
                     WHERE id = NEW.slot_id AND state = 'taken';
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.slot_id}"
