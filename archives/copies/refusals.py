"""Why a step of a request for a copy does not go on."""

import enum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Reason(enum.StrEnum):
    """The value goes to the log."""

    UNKNOWN_FORMAT = "unknown_format"
    BROKEN = "broken"
    LOCKED = "locked"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_LARGE = "too_large"
    INFECTED = "infected"
    SCANNER_AWAY = "scanner_away"
    NOT_OFFICIAL = "not_official"
    NO_MANDATES = "no_mandates"
    NOT_YOURS = "not_yours"
    LINK_OVER = "link_over"
    GONE = "gone"
    NOT_OPEN = "not_open"
    SAME_PERSON = "same_person"
    NOT_MATCHED = "not_matched"
    NOT_IDENTIFIED = "not_identified"
    OTHER_POST = "other_post"


SENTENCES: "dict[Reason, _StrPromise]" = {
    Reason.UNKNOWN_FORMAT: _("This file is no PDF, JPEG or PNG. Take a photo of the document, or save it as PDF."),
    Reason.BROKEN: _("This file cannot be read. Open it on your device to check it, then send it again."),
    Reason.LOCKED: _("This PDF is protected by a password. Save a copy without one, or take a photo instead."),
    Reason.TOO_MANY_PAGES: _("This document has more than six pages. Send only the page with the photo and the name."),
    Reason.TOO_LARGE: _("This file is too large. At most 8 megabytes and an ordinary page size are taken."),
    Reason.INFECTED: _("This file was refused by the virus scanner. Send another copy, made on another device."),
    Reason.SCANNER_AWAY: _("Files cannot be taken at this moment. What you wrote is kept: try again in some minutes."),
    Reason.NOT_OFFICIAL: _(
        "This is not an address of a prefecture that we know. Write from your service’s own address."
    ),
    Reason.NO_MANDATES: _("This consulate answers the holder, a lawyer or a prefecture only."),
    Reason.NOT_YOURS: _("This form was begun in another browser, or its day is over. Please begin again."),
    Reason.LINK_OVER: _(
        "This link has ended or was never valid. Ask the consulate for a new one, with your reference."
    ),
    Reason.GONE: _("The data of this visa were erased on time, as the law says. A copy can no longer be made."),
    Reason.NOT_OPEN: _("This request was decided already."),
    Reason.SAME_PERSON: _("A second person has to confirm this decision."),
    Reason.NOT_MATCHED: _("Choose the visa file first."),
    Reason.NOT_IDENTIFIED: _("Write down how the identity was verified first."),
    Reason.OTHER_POST: _("This file belongs to another post."),
}


class RefusedError(Exception):
    """A step was refused; `reason` is for the log, `sentence` for the person."""

    def __init__(self, reason: Reason) -> None:
        """`reason` names the sentence."""
        super().__init__(reason.value)
        self.reason = reason

    @property
    def sentence(self) -> "_StrPromise":
        """What happened and what to do."""
        return SENTENCES[self.reason]
