"""What a session holds, key by key: it is one column for the database, and several decisions for people.

All of it goes with the session (`clocks.SESSION`); a key that nobody decided about fails a test.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_ADDRESS = _("The e-mail address that you typed, until the code that was sent to it is confirmed")
_SEND_CODE = _("To send you a code, and to compare what you type with it.")


@dataclass(frozen=True)
class SessionValue:
    """The decision on one key. `about` is empty where the value says nothing about a person."""

    key: str
    about: "_StrPromise | str" = ""
    purpose: "_StrPromise | str" = ""


SESSION_VALUES = (
    SessionValue("my_address", _ADDRESS, _SEND_CODE),
    SessionValue("my_data_address", _ADDRESS, _SEND_CODE),
    SessionValue("my_reference"),
    SessionValue("antibot_token"),
    SessionValue("copy_token"),
    SessionValue("copy_receipt"),
    SessionValue("copy_code_asked"),
    SessionValue("copy_delivery_code"),
    SessionValue("draft_token"),
    SessionValue("cancel_code_sent"),
    SessionValue("report_reference"),
    SessionValue("sign_in"),
    SessionValue("second_factor_at"),
)
PERSONAL_KEYS = frozenset(value.key for value in SESSION_VALUES if value.about)
