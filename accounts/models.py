"""Staff accounts. Applicants have none: they prove an e-mail address with a one-time password."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What somebody is; what each may do stands in `accounts.access`."""

    AGENT = "agent", _("Agent of a provider")
    OFFICER = "officer", _("Consular officer")
    HEAD = "head", _("Head of post")
    CENTRE = "centre", _("Central administration")
    AUDITOR = "auditor", _("Auditor")


class User(AbstractUser):
    """A member of staff. `is_superuser` counts for nothing here: rights come from the role and the posts alone."""

    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.AGENT)

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(name="user_role_known", condition=models.Q(role__in=Role.values)),
        ]


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
