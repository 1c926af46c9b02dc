"""What people tell about trade in appointments."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appointments.domain.references import new_reference
from appointments.models.posts import Post
from vault.fields import EncryptedTextField


class TrafficReport(models.Model):
    """Somebody was offered an appointment for money, or paid for one.

    Nothing here leads to a person unless they wished it: no address of a computer, no hour, no booking. So a report
    can neither help nor harm the place of whoever wrote it.
    """

    class Kind(models.TextChoices):
        """What happened."""

        OFFERED = "offered", _("Somebody offered me an appointment for money")
        PAID = "paid", _("I paid somebody for an appointment")
        SAW = "saw", _("I saw an advertisement")
        INSIDE = "inside", _("Somebody who works at the post or centre is involved")

    class Medium(models.TextChoices):
        """Where the offer was made."""

        STREET = "street", _("in the street, near the post")
        SHOP = "shop", _("in a shop, agency or cybercafé")
        SOCIAL = "social", _("on a social network")
        MESSENGER = "messenger", _("by a messenger or telephone")
        WEBSITE = "website", _("on a website")
        OTHER = "other", _("elsewhere")

    class State(models.TextChoices):
        """What became of it."""

        NEW = "new", _("new")
        LOOKING = "looking", _("being looked into")
        PASSED_ON = "passed_on", _("passed on to police or prosecutor")
        CLOSED = "closed", _("closed")

    reference = models.CharField(max_length=12, unique=True, default=new_reference, editable=False)
    kind = models.CharField(_("what happened"), max_length=10, choices=Kind.choices)
    medium = models.CharField(_("where"), max_length=10, choices=Medium.choices)
    post = models.ForeignKey(
        Post, verbose_name=_("post"), null=True, blank=True, on_delete=models.PROTECT, related_name="traffic_reports"
    )
    centre_only = models.BooleanField(_("for the central administration alone"), default=False)
    happened_on = models.DateField(_("when"), null=True, blank=True)
    amount = models.CharField(_("how much was asked"), max_length=40, blank=True)
    story = EncryptedTextField(_("what happened"))
    contact = EncryptedTextField(_("how we can reach you"), blank=True, default="")
    # Under a label of its own, so that it equals no index of a request. NULL: written by earlier code, indexed in the
    # night. Empty: no address in it.
    contact_index = models.BinaryField(max_length=32, null=True)
    language = models.CharField(max_length=2, default="fr")
    received_on = models.DateField(_("received on"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEW)
    note = EncryptedTextField(_("what was done"), blank=True, default="")
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("report of trade in appointments")
        verbose_name_plural = _("reports of trade in appointments")
        ordering = ("-received_on", "-id")
        constraints: ClassVar = [
            # A report about the people of a post must not be read by them.
            models.CheckConstraint(
                name="traffic_report_inside_goes_to_the_centre", condition=~Q(kind="inside") | Q(centre_only=True)
            ),
            models.CheckConstraint(
                name="traffic_report_decided_says_who",
                condition=Q(state="new") | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["post", "-received_on"], name="traffic_report_post"),
            models.Index(fields=["contact_index"], name="traffic_report_contact"),
        ]

    def __str__(self) -> str:
        return self.reference
