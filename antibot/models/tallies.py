"""Figures of the counter-measures, and a week of recorded acts to try another policy on."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class GuardTally(models.Model):
    """How often something happened on a day or in a month (UTC) at a post: a number, never a person."""

    class Span(models.TextChoices):
        """How long."""

        DAY = "day", _("day")
        MONTH = "month", _("month")

    class Kind(models.TextChoices):
        """What was asked of people, or done."""

        PICTURE = "picture", _("picture")
        HARDER = "harder", _("harder picture")
        SOUND = "sound", _("spoken digits")
        PROOF = "proof", _("proof of work")
        MAIL = "mail", _("code by e-mail")
        SMS = "sms", _("code by text message")
        ACT = "act", _("posted form")
        NETWORK = "network", _("network")
        CASE = "case", _("suspected group")
        WEBHOOK = "webhook", _("message of a payment service")

    class Outcome(models.TextChoices):
        """What became of it."""

        ISSUED = "issued", _("issued")
        PASSED = "passed", _("passed")
        FAILED = "failed", _("failed")
        SLOWED = "slowed", _("slowed down")
        CAPPED = "capped", _("too many at once")
        BLOCKED = "blocked", _("blocked")
        LIFTED = "lifted", _("ended by staff")
        OPENED = "opened", _("found")
        NOTIFIED = "notified", _("people told")
        DISMISSED = "dismissed", _("dismissed")
        UPHELD = "upheld", _("upheld")

    span = models.CharField(_("span"), max_length=5, choices=Span.choices)
    first_day = models.DateField(_("first day"))
    post_key = models.SlugField(_("post"), max_length=40, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    number = models.PositiveBigIntegerField(_("number"), default=0)

    class Meta:
        verbose_name = _("figure of the counter-measures")
        verbose_name_plural = _("figures of the counter-measures")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["span", "first_day", "post_key", "kind", "outcome"], name="antibot_guard_tally_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} {self.post_key} {self.kind} {self.outcome}"


class Act(models.Model):
    """One posted form as the limits saw it, kept for eight days so that another policy can be tried on it.

    No address: the network and the session are blind indexes, and nothing says what was posted.
    """

    at = models.DateTimeField(_("at"))
    scope_key = models.CharField(_("scope"), max_length=120, blank=True)
    post_key = models.SlugField(_("post"), max_length=40, blank=True)
    network_key = models.BinaryField(max_length=12)
    session_hash = models.BinaryField(max_length=32)
    own_points = models.FloatField(_("points of the network"))
    range_points = models.FloatField(_("points of the range above it"))
    network_acts = models.PositiveIntegerField(_("forms of the network within the minute"))
    session_acts = models.PositiveIntegerField(_("forms of the session within the minute"))
    shared = models.BooleanField(_("shared network"))
    hosting = models.BooleanField(_("hosting network"))

    class Meta:
        verbose_name = _("recorded act")
        verbose_name_plural = _("recorded acts")
        indexes: ClassVar = [
            models.Index(fields=["at"], name="antibot_act_at"),
            models.Index(fields=["session_hash"], name="antibot_act_session"),
        ]

    def __str__(self) -> str:
        return f"act {self.pk}"
