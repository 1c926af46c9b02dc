"""Versions of the policy, and what a version in shadow would have done."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PolicyVersion(models.Model):
    """Values for one scope key that differ from the more general scope. Append-only; the highest version counts.

    A version in shadow observes: what it would have refused is counted in ShadowTally and nobody is refused.
    """

    scope_key = models.CharField(
        _("scope"), max_length=120, blank=True, help_text=_("Empty: everywhere. A post's key, or post/service.")
    )
    post_key = models.SlugField(_("post"), max_length=20, blank=True, editable=False)
    version = models.PositiveIntegerField(_("version"), editable=False)
    values = models.JSONField(_("values"), default=dict, blank=True)
    shadow = models.BooleanField(_("only observe"), default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("author")
    )
    reason = models.CharField(_("reason"), max_length=500)
    created_at = models.DateTimeField(_("created at"), editable=False)

    class Meta:
        verbose_name = _("version of the counter-measures")
        verbose_name_plural = _("versions of the counter-measures")
        ordering: ClassVar = ["scope_key", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint("scope_key", "version", name="antibot_policy_version_once"),
            models.CheckConstraint(name="antibot_policy_has_reason", condition=~models.Q(reason="")),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.scope_key or '*'} {self.version}"


class ShadowTally(models.Model):
    """How often, on one day, a rule in shadow would have refused where nothing was refused."""

    policy = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="tallies", verbose_name=_("version"))
    day = models.DateField(_("day"))
    rule = models.CharField(_("rule"), max_length=30)
    checked = models.PositiveBigIntegerField(_("looked at"), default=0)
    would_refuse = models.PositiveBigIntegerField(_("would have refused"), default=0)

    class Meta:
        verbose_name = _("what a version in shadow would have done")
        verbose_name_plural = _("what versions in shadow would have done")
        constraints: ClassVar = [models.UniqueConstraint("policy", "day", "rule", name="antibot_shadow_tally_once")]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.day} {self.rule}"
