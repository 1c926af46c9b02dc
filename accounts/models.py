"""Staff accounts. Applicants have none: they prove an e-mail address with a one-time password."""

from binascii import unhexlify
from typing import ClassVar

import pghistory
import pgtrigger
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from vault.fields import EncryptedTextField


class Language(models.TextChoices):
    """In what letters to somebody are written, and what their pages speak, on whatever computer."""

    FRENCH = "fr", "Français"
    ARABIC = "ar", "العربية"
    ENGLISH = "en", "English"


class Role(models.TextChoices):
    """What somebody is; what each may do stands in `accounts.access`."""

    AGENT = "agent", _("Agent of a provider")
    OFFICER = "officer", _("Consular officer")
    HEAD = "head", _("Head of post")
    CENTRE = "centre", _("Central administration")
    AUDITOR = "auditor", _("Auditor")


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    fields=["username", "email", "role", "is_active", "is_staff"],
    model_name="UserEvent",
    append_only=True,
)
class User(AbstractUser):
    """A member of staff. `is_superuser` counts for nothing here: rights come from the role and the posts alone."""

    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.AGENT)
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=Language.choices,
        default=Language.FRENCH,
        db_default=Language.FRENCH.value,
    )

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(name="user_role_known", condition=models.Q(role__in=Role.values)),
        ]


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent(), model_name="PostScopeEvent", append_only=True)
class PostScope(models.Model):
    """A post whose rows a person sees. The key is opaque here: accounts does not know what a post is."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="post_scopes")
    post_key = models.SlugField(_("post"), max_length=20)

    class Meta:
        verbose_name = _("post of a person")
        verbose_name_plural = _("posts of a person")
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "post_key"], name="post_scope_once")]

    def __str__(self) -> str:
        return self.post_key


class Authenticator(TOTPDevice):  # type: ignore[misc]  # django-otp has no types
    """An authenticator app (TOTP, RFC 6238) whose seed stands under the vault's keys.

    django-otp's row keeps the counters. The `key` in it is a random one that nobody was ever shown: it opens nothing.
    """

    seed = EncryptedTextField(default=default_key)  # 20 random bytes in hexadecimal digits

    @property
    def bin_key(self) -> bytes:
        """What django-otp counts with."""
        return unhexlify(self.seed)

    @classmethod
    def model_label(cls) -> str:
        """The name that living sessions and nodes with earlier code know such a device by."""
        return str(TOTPDevice.model_label())


class SignIn(models.Model):
    """One session of a member of staff: from where, since when, and how it ended."""

    class Ended(models.TextChoices):
        """Why a session ended."""

        SIGNED_OUT = "signed_out", _("signed out")
        IDLE = "idle", _("nothing was done for too long")
        TOO_LONG = "too_long", _("open for a whole day")
        PUSHED_OUT = "pushed_out", _("signed in elsewhere")
        REVOKED = "revoked", _("ended by the administration")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField(_("signed in at"))
    seen_at = models.DateTimeField(_("last seen"))
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=12, choices=Ended.choices, blank=True)
    network = models.CharField(_("network"), max_length=45, help_text=_("The address without its last part."))
    browser = models.CharField(_("browser"), max_length=40)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ("-at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sign_in_ended_says_why",
                condition=models.Q(ended_at__isnull=True, ended_why="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ended_why="")),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "-at"], name="sign_in_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%Y-%m-%d %H:%M}"


class AccessRecord(models.Model):
    """Who read, searched, printed, exported or decided what. Written once; erased by age alone.

    `subject` is a reference or the name of a list, never a name of a person.
    """

    class Action(models.TextChoices):
        """What was done with the data."""

        READ = "read", _("read")
        LIST = "list", _("list")
        SEARCH = "search", _("search")
        PRINT = "print", _("print")
        EXPORT = "export", _("export")
        CHANGE = "change", _("change")
        DECIDE = "decide", _("decide")

    at = models.DateTimeField(_("at"))
    user_name = models.CharField(_("who"), max_length=150)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    action = models.CharField(_("what"), max_length=10, choices=Action.choices)
    post_key = models.CharField(_("post"), max_length=20, blank=True)
    subject = models.CharField(_("of what"), max_length=120)
    rows = models.PositiveIntegerField(_("rows"), default=1)

    class Meta:
        verbose_name = _("access record")
        verbose_name_plural = _("access records")
        ordering = ("-at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["-at"], name="access_at"),
            models.Index(fields=["post_key", "-at"], name="access_post"),
            models.Index(fields=["user_name", "-at"], name="access_user"),
            models.Index(fields=["subject"], name="access_subject"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="access_is_append_only", operation=pgtrigger.Update),
            # One year: the upper end of what the French authority advises for logs of access (CNIL, délibération
            # n° 2021-122 of 14 October 2021). Not sooner, so that nobody can clear their own trace.
            pgtrigger.Protect(
                name="access_is_kept_a_year",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.at > now() - interval '1 year'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.user_name} {self.action} {self.subject}"
