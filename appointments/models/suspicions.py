"""What a person was told about a suspicion, and what came of it: the record without which nothing is cancelled."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appointments.models.requests import Request


class Suspicion(models.Model):
    """One request in one case of the radar, from the notice to the decision of a person.

    A request can end as *suspected* only beside a row of this table that was upheld after its objection period: a
    trigger on the requests insists, so that no code path and no query by hand can do it otherwise.
    """

    class Outcome(models.TextChoices):
        """What a person decided."""

        OPEN = "", _("under review")
        DISMISSED = "dismissed", _("dismissed")
        UPHELD = "upheld", _("upheld")

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="suspicions")
    case = models.CharField(_("case"), max_length=12)
    subject = models.CharField(max_length=100)
    noticed_at = models.DateTimeField(_("told at"))
    objection_until = models.DateTimeField(_("objection until"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default="", blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("request under suspicion")
        verbose_name_plural = _("requests under suspicion")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "case"], name="suspicion_once_a_case"),
            models.CheckConstraint(
                name="suspicion_decided_says_when",
                condition=Q(outcome="", decided_at__isnull=True)
                | Q(outcome__in=["dismissed", "upheld"], decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="suspicion_upheld_after_objection",
                condition=~Q(outcome="upheld")
                | Q(decided_at__gte=F("objection_until"), objection_until__gt=F("noticed_at")),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(
                name="suspicion_notice_is_fixed",
                fields=["request", "case", "subject", "noticed_at", "objection_until"],
            ),
            pgtrigger.FSM(
                name="suspicion_decided_once",
                field="outcome",
                transitions=[("", "dismissed"), ("", "upheld")],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.request_id}"
