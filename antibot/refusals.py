"""Why a request does not go on: an enum member, a sentence for the person, and when to come back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Reason(StrEnum):
    """Every refusal antibot can give."""

    BLOCKED = "blocked"
    SLOWER = "slower"
    TOO_MANY = "too_many"
    AWAY = "away"
    HOLDS_WAIT = "holds_wait"
    BAD_CONTACT = "bad_contact"
    CODE_WRONG = "code_wrong"
    CODE_EXPIRED = "code_expired"
    CODE_SPENT = "code_spent"
    CODE_WAIT = "code_wait"
    CODE_LIMIT = "code_limit"


SENTENCES: Final[dict[Reason, _StrPromise]] = {
    Reason.BLOCKED: _(
        "Too many failed attempts came from your network, so it has to wait. The wait ends by itself. "
        "If you share this network with others or think this is a mistake, tell us: a person will look at it."
    ),
    Reason.SLOWER: _("Many failed attempts came from your network. Please wait a moment, then go on; nothing is lost."),
    Reason.TOO_MANY: _("This was asked too often in a short time. Please wait a moment, then go on; nothing is lost."),
    Reason.AWAY: _("This service is not available at this moment. Please try again in a few minutes; nothing is lost."),
    Reason.HOLDS_WAIT: _(
        "New times cannot be taken for a moment. What you hold stays yours: you can pay it, see it and cancel it. "
        "Please try again in a minute."
    ),
    Reason.BAD_CONTACT: _("This address cannot receive a code. Please check it for typing mistakes."),
    Reason.CODE_WRONG: _("This code is not right. Please compare it with the last message that you received."),
    Reason.CODE_EXPIRED: _("This code has expired or was replaced by a newer one. Please ask for a new code."),
    Reason.CODE_SPENT: _("This code was tried too many times. Please ask for a new code."),
    Reason.CODE_WAIT: _("A code was sent a moment ago. Please wait for it before you ask for another one."),
    Reason.CODE_LIMIT: _("Many codes were sent already. Please wait before you ask for another one."),
}


@dataclass(frozen=True)
class Refusal:
    """A refusal with its sentence (translated when shown) and, where it ends by itself, the seconds to wait."""

    reason: Reason
    sentence: _StrPromise
    retry_after_seconds: int | None = None

    @property
    def of_network(self) -> bool:
        """Whether it meets everybody behind one network: then the page lets people say that it is a mistake."""
        return self.reason in {Reason.BLOCKED, Reason.SLOWER}


def refuse(reason: Reason, retry_after_seconds: int | None = None) -> Refusal:
    """The refusal for `reason` with its standard sentence; the wait is in seconds."""
    return Refusal(reason, SENTENCES[reason], retry_after_seconds)
