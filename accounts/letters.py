"""Letters to staff about their own account."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import SignIn, User
from mailroom.renderers import Envelope, renderer


@renderer("staff_sign_in")
def new_place(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """Somebody signed in from a network or browser that this account never used."""
    row = SignIn.objects.select_related("user").filter(pk=subject_key).first()
    if row is None or not row.user.email:
        return None
    with translation.override(row.user.language):
        text = _(
            "Somebody signed in to your staff account %(user)s on %(when)s (UTC) with %(browser)s, from the network "
            "%(network)s. It was never used with this account before.\n\nIf it was you, there is nothing to do. If it "
            "was not, call the central administration now: they end all sessions and reset your second factor."
        ) % {
            "user": row.user.username,
            "when": f"{row.at:%Y-%m-%d %H:%M}",
            "browser": row.browser,
            "network": row.network,
        }
        return Envelope(row.user.email, _("Sign-in from a new place"), text, language=row.user.language)


@renderer("staff_second_factor")
def second_factor_changed(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """An authenticator was enrolled or reset, or a recovery code was used."""
    user = User.objects.filter(pk=subject_key).first()
    if user is None or not user.email:
        return None
    with translation.override(user.language):
        sentences = {
            "enrolled": _("An authenticator app was enrolled for your staff account."),
            "recovery": _("A recovery code was used to sign in to your staff account."),
            "reset": _("The central administration has reset the second factor of your staff account."),
        }
        text = sentences[(payload or {}).get("what", "enrolled")]
        text += "\n\n" + _("If you know nothing of this, call the central administration now.")
        return Envelope(user.email, _("Your second factor"), text, language=user.language)


@renderer("staff_unused")
def unused(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """Nobody has signed in for almost a year."""
    user = User.objects.filter(pk=subject_key).first()
    if user is None or not user.email:
        return None
    with translation.override(user.language):
        text = _(
            "Your staff account %(user)s has not been used for eleven months. After a year without use it is closed, "
            "and your name and address are erased from it.\n\nIf you still need it, sign in once."
        ) % {"user": user.username}
        return Envelope(user.email, _("Your account will be closed"), text, language=user.language)
