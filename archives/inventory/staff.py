"""Accounts of staff and what is recorded about their work."""

# ruff: noqa: E501 - a row of the table is a line

from django.utils.translation import gettext_lazy as _

from archives.inventory import clocks
from archives.inventory.registry import nobody, person

_WORK = _("So that only members of staff who may do so work with your data.")
_CHECK = _("To check that data are used lawfully.")
_TASK = "Regulation (EU) 2016/679 art. 5(2), 32"
_EVENT = "pgh_id pgh_created_at pgh_label pgh_obj pgh_context"

TABLES = (
    person(
        "accounts.User", "password last_login username first_name last_name email",
        "id is_superuser is_staff is_active date_joined role language",
        _("Accounts of staff"), _WORK, _TASK, clocks.STAFF,
    ),
    person("accounts.UserEvent", "username email", f"{_EVENT} role is_active is_staff", _("Changes of staff accounts"), _CHECK, _TASK, clocks.HISTORY),
    person("accounts.PostScope", "user", "id post_key", _("Posts of a member of staff"), _WORK, _TASK, clocks.STAFF),
    person("accounts.PostScopeEvent", "user", f"{_EVENT} id post_key", _("Changes of staff accounts"), _CHECK, _TASK, clocks.HISTORY),
    person("accounts.SignIn", "user network browser", "id at seen_at ended_at ended_why", _("Sign-ins of staff"), _CHECK, _TASK, clocks.SIGN_IN),
    person("accounts.AccessRecord", "user_name subject", "id at role action post_key rows", _("Who read, searched, printed or decided what"), _CHECK, _TASK, clocks.ACCESS),
    person("accounts.User_groups", "user", "id group", _("Accounts of staff"), _WORK, _TASK, clocks.STAFF),
    person("accounts.User_user_permissions", "user", "id permission", _("Accounts of staff"), _WORK, _TASK, clocks.STAFF),
    person("admin.LogEntry", "user object_id object_repr change_message", "id action_time content_type action_flag", _("Changes made by staff"), _CHECK, _TASK, clocks.STAFF),
    person("otp_totp.TOTPDevice", "user key", "id name confirmed throttling_failure_timestamp throttling_failure_count created_at last_used_at step t0 digits tolerance drift last_t", _("Second factor of staff"), _WORK, _TASK, clocks.STAFF),
    person("accounts.Authenticator", "seed", "totpdevice_ptr", _("Second factor of staff"), _WORK, _TASK, clocks.STAFF),
    person("otp_static.StaticDevice", "user", "id name confirmed throttling_failure_timestamp throttling_failure_count created_at last_used_at", _("Second factor of staff"), _WORK, _TASK, clocks.STAFF),
    person("otp_static.StaticToken", "device token", "id", _("Second factor of staff"), _WORK, _TASK, clocks.STAFF),
    person("pghistory.Context", "metadata", "id created_at updated_at", _("Who made a change"), _CHECK, _TASK, clocks.HISTORY),
    nobody("auth.Permission", "id name content_type codename"),
    nobody("auth.Group_permissions", "id group permission"),
    nobody("auth.Group", "id name"),
    nobody("contenttypes.ContentType", "id app_label model"),
)  # fmt: skip
