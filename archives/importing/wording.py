"""What is wrong with a row, in a sentence."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from archives.domain.retention import Reason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

HISTORY: "Mapping[str, _StrPromise]" = {
    Reason.UNKNOWN_PROFILE: _("This retention rule does not exist."),
    Reason.UNKNOWN_EVENT_TYPE: _("The event %(event)s is not known."),
    Reason.NOT_AN_EVENT: _("An event is written TYPE DATE, for instance REFUSED 2024-05-03."),
    Reason.BAD_DATE: _("%(value)s is not a date (year-month-day)."),
    Reason.BAD_CATEGORY: _("A visa is of category A, C or D."),
    Reason.MISSING_FIELD: _("The event %(event)s lacks %(field)s."),
    Reason.DATE_IN_FUTURE: _("%(event)s is dated in the future."),
    Reason.EXPIRY_BEFORE_ISSUE: _("The visa would expire before it was issued."),
    Reason.EXPIRY_BEFORE_START: _("The visa would expire before it begins."),
    Reason.EXPIRY_MOVES_BACK: _("An extension cannot end before the visa does."),
    Reason.EXPIRY_MOVES_ON: _("A reduction cannot end after the visa does."),
    Reason.BEFORE_CREATION: _("%(event)s is dated before the creation of the file."),
    Reason.NEVER_CREATED: _("The day on which the file was created is missing."),
    Reason.CREATED_TWICE: _("The file would be created twice."),
    Reason.VISA_STANDS: _("%(event)s does not fit: a visa was issued and still stands, or was taken back."),
    Reason.NO_VISA: _("%(event)s does not fit: there is no visa that stands at that date."),
    Reason.NOTHING_TO_QUASH: _("%(event)s does not fit: there is no decision that it could quash."),
    Reason.NOTHING_TO_CORRECT: _("The correction does not fit: there is nothing to correct."),
    Reason.UNKNOWN_CORRECTION: _("This field cannot be corrected."),
    Reason.NO_HOLD: _("There is no hold that could be lifted."),
    Reason.NOT_CONTESTED: _("An appeal was dismissed although nothing had been decided."),
    Reason.UNKNOWN_FILE: _("The event speaks of another file."),
    Reason.LINKED_TO_ITSELF: _("A file cannot be linked to itself."),
    Reason.OUT_OF_SCOPE: _("This retention rule does not cover visas of this category."),
}
ROW: "Mapping[str, _StrPromise]" = {
    "unknown_column": _("This column is not known."),
    "missing": _("A value is missing."),
    "too_long": _("The value is too long."),
    "not_a_date": _("This is not a date (year-month-day)."),
    "not_a_birth_date": _("This is not a possible date of birth."),
    "not_a_country": _("A country is written with two capital letters, for instance DZ."),
    "not_an_address": _("This is not an e-mail address."),
    "not_a_number": _("This is not a document number."),
    "not_a_decision": _("A decision is ISSUED, REFUSED, WITHDRAWN, CLOSED or DISCONTINUED."),
    "not_a_category": _("A visa is of category A, C or D."),
    "not_a_profile": _("This retention rule does not exist."),
    "already_due": _("The data of this file had to be gone from %(date)s on: it may not be imported any more."),
    "twice_in_file": _("This file number stands in the import more than once."),
    "differs": _("The archive holds this file with other data. Correct it there."),
    "events_differ": _("The archive holds this file with other events. New events can only follow those it has."),
    "unknown_earlier_file": _("The earlier file is neither in the archive nor in this import."),
}
FILE: "Mapping[str, _StrPromise]" = {
    "not_utf8": _("The file is not text in UTF-8. Save it again as “CSV UTF-8”."),
    "no_rows": _("The file holds no rows."),
    "too_many_rows": _("The file holds more than 200,000 rows. Bring it in parts."),
    "line_too_long": _("A line of the file is too long to be a row."),
    "not_json": _("The file is not valid JSON."),
    "too_large": _("The JSON file is larger than 64 MB. Bring it in parts, or as CSV."),
    "no_header": _("The first line has to name the columns, file_number among them, each once."),
}


def sentence(code: str, data: Mapping[str, str]) -> str:
    """The sentence for a problem's code, in the language of the page."""
    known = HISTORY.get(code) or ROW.get(code)
    if known is None:
        return gettext("This value cannot be used.")
    return str(known) % _Known(data)


class _Known(dict[str, str]):
    """A sentence never fails for want of a value."""

    def __missing__(self, key: str) -> str:
        return "–"
