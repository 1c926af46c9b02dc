"""Lists of networks, blocks with an end, and people's objections to them."""

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from vault.fields import EncryptedTextField


class CidrField(models.Field):
    """PostgreSQL's `cidr`: text in Python, compared as a network in the database."""

    def db_type(self, connection: Any) -> str:
        """The column type."""
        return "cidr"


@CidrField.register_lookup
class Covers(models.Lookup):
    """`network__covers=address`: the network contains or equals it (`>>=`)."""

    lookup_name = "covers"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """`column >>= address`, which the GiST index answers."""
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} >>= %s::inet", (*left_params, str(self.rhs))

    def get_prep_lookup(self) -> str:
        """The address as text."""
        return str(self.rhs)


class NetworkRange(models.Model):
    """One network of a list that staff keep: those shared by many people, and those of hosting providers."""

    class Kind(models.TextChoices):
        """What the network is known as."""

        SHARED = "shared", _("shared by many people (carrier, university, cyber café)")
        HOSTING = "hosting", _("hosting provider: nobody lives there")

    network = CidrField(_("network"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    note = models.CharField(_("source or note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("known network")
        verbose_name_plural = _("known networks")
        constraints: ClassVar = [models.UniqueConstraint("network", "kind", name="antibot_range_once")]
        indexes: ClassVar = [GistIndex(fields=["network"], opclasses=["inet_ops"], name="antibot_range_covers")]

    def __str__(self) -> str:
        return f"{self.network} ({self.kind})"


class NetworkBlock(models.Model):
    """A network that has to wait. It always has a reason and an end, and a person can end it sooner."""

    network = EncryptedTextField(_("network"))
    network_index = models.BinaryField(max_length=32)
    scope_key = models.CharField(_("scope"), max_length=120, blank=True)
    post_key = models.SlugField(_("post"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=40)
    points = models.FloatField(_("points"), default=0)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )

    class Meta:
        verbose_name = _("blocked network")
        verbose_name_plural = _("blocked networks")
        ordering: ClassVar = ["-starts_at"]
        indexes: ClassVar = [models.Index(fields=["network_index", "ends_at"], name="antibot_block_lookup")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="antibot_block_ends",
                condition=models.Q(ends_at__gt=models.F("starts_at"))
                & models.Q(
                    ends_at__lte=models.F("starts_at") + models.Value("4 days", output_field=models.DurationField())
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.reason})"


class Appeal(models.Model):
    """Somebody says that a block or a suspicion is a mistake."""

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("open")
        GRANTED = "granted", _("granted")
        DECLINED = "declined", _("declined")

    reference = models.CharField(_("reference"), max_length=12, unique=True)
    block = models.ForeignKey(
        NetworkBlock, models.SET_NULL, null=True, blank=True, related_name="appeals", verbose_name=_("blocked network")
    )
    # Set where the person came by the link of a notice: then `subject` is theirs beyond doubt, else it is what they typed.
    case = models.ForeignKey(
        "RadarCase",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="appeals",
        verbose_name=_("suspicion"),
        db_index=False,
    )
    subject = models.CharField(_("subject"), max_length=100, blank=True)
    post_key = models.SlugField(_("post"), max_length=20, blank=True)
    network = EncryptedTextField(_("network"), blank=True)
    contact = EncryptedTextField(_("contact"), blank=True)
    # NULL: written by earlier code, indexed in the night. Empty: no address in it.
    contact_index = models.BinaryField(max_length=32, null=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    text = EncryptedTextField(_("what happened"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField(_("answer to the person"), max_length=1000, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["contact_index"], name="antibot_appeal_contact")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="antibot_appeal_decided",
                condition=models.Q(state="open", decided_at__isnull=True) | models.Q(decided_at__isnull=False),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(name="appeal_states", field="state", transitions=[("open", "granted"), ("open", "declined")]),
        ]

    def __str__(self) -> str:
        return self.reference
