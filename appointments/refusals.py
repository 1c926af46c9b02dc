"""Refusals of the appointments: a reason, and a sentence that says what happened and what to do."""

import enum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Reason(enum.StrEnum):
    """Why something was refused; the value goes to the log."""

    POST_CLOSED = "post_closed"
    NOT_DRAWN = "not_drawn"
    NOT_FIRST_COME = "not_first_come"
    GROUP_TOO_LARGE = "group_too_large"
    SAME_PERSON_TWICE = "same_person_twice"
    IDENTITY_LIVING = "identity_living"
    FRANCE_VISAS_LIVING = "france_visas_living"
    FRANCE_VISAS_MISSING = "france_visas_missing"
    COOLING_OFF = "cooling_off"
    WISHES_IN_THE_PAST = "wishes_in_the_past"
    WISHES_OUTSIDE = "wishes_outside"
    SLOT_GONE = "slot_gone"
    NO_ADJACENT_SLOTS = "no_adjacent_slots"
    NOT_FOUND = "not_found"
    NOT_YOURS = "not_yours"
    NOT_STANDING = "not_standing"
    NOT_HELD = "not_held"
    HOLD_OVER = "hold_over"
    NOTHING_TO_PAY = "nothing_to_pay"
    NOT_CANCELLABLE = "not_cancellable"
    TOO_LATE = "too_late"
    ALREADY_ENTERED = "already_entered"
    TOO_DIFFERENT = "too_different"
    URGENT_NOT_OFFERED = "urgent_not_offered"
    FEE_NOT_TAKEN = "fee_not_taken"
    VOUCHER_REFUSED = "voucher_refused"
    UNDO_TOO_LATE = "undo_too_late"


SENTENCES: "dict[Reason, _StrPromise]" = {
    Reason.POST_CLOSED: _("This post does not take appointments for this service at the moment. Nothing was sent."),
    Reason.NOT_DRAWN: _("Appointments for this service are not drawn by lot. Choose a time on the calendar instead."),
    Reason.NOT_FIRST_COME: _("Appointments for this service are drawn by lot. Give the days that suit you instead."),
    Reason.GROUP_TOO_LARGE: _("This service takes fewer people in one request. Remove somebody, or make two requests."),
    Reason.SAME_PERSON_TWICE: _("Two people of this request have the same passport. Each person is entered once."),
    Reason.IDENTITY_LIVING: _(
        "One of these passports already has a request or an appointment. Look it up under “My bookings”. If it was "
        "not you, come to the post with the passport: the desk settles it."
    ),
    Reason.FRANCE_VISAS_LIVING: _(
        "This France-Visas number already has a request or an appointment. Check the number, or look under "
        "“My bookings”."
    ),
    Reason.FRANCE_VISAS_MISSING: _("This post asks for the France-Visas number of each person. It begins with FRA."),
    Reason.COOLING_OFF: _(
        "One of these people cancelled or let an offer lapse a short time ago. A new request can be made when the "
        "pause is over. The pause is the same for everybody."
    ),
    Reason.WISHES_IN_THE_PAST: _("The last day you gave is over. Choose a later day."),
    Reason.WISHES_OUTSIDE: _("No appointment can fall within the days and hours you gave. Choose a wider range."),
    Reason.SLOT_GONE: _("Somebody else was given this time a moment ago. Nothing was lost: choose another one."),
    Reason.NO_ADJACENT_SLOTS: _(
        "There are not enough places side by side at that time for your family. Choose another one."
    ),
    Reason.NOT_FOUND: _("We find nothing under this reference for your e-mail address. Check both."),
    Reason.NOT_YOURS: _(
        "This form was begun in another browser, or its day is over. Start again: it takes two minutes."
    ),
    Reason.NOT_STANDING: _("This request is no longer waiting, so it cannot be changed."),
    Reason.NOT_HELD: _("This booking is not waiting for a payment."),
    Reason.HOLD_OVER: _("The time to pay is over, and the slot went back. No money was taken."),
    Reason.NOTHING_TO_PAY: _("There is nothing to pay for this booking."),
    Reason.NOT_CANCELLABLE: _("This booking is already over, so there is nothing to cancel."),
    Reason.TOO_LATE: _("The appointment has begun, so it can no longer be cancelled here."),
    Reason.ALREADY_ENTERED: _("This form was already sent. Here is what came of it."),
    Reason.TOO_DIFFERENT: _("Only a typing mistake of a few letters can be mended. Another person means cancelling."),
    Reason.URGENT_NOT_OFFERED: _("This service has no places kept for urgent cases."),
    Reason.FEE_NOT_TAKEN: _("This service has a fee. Take it first, and say how it was paid."),
    Reason.VOUCHER_REFUSED: _("This voucher does not pay this fee: unknown, used, expired, or of another value."),
    Reason.UNDO_TOO_LATE: _("This was written down some time ago. An officer or the head of post can take it back."),
}


class RefusedError(Exception):
    """An action was refused; `reason` is for the log, `sentence` for the person."""

    def __init__(self, reason: Reason, *, field: str = "", position: int | None = None) -> None:
        """`field` and `position` (of a person in the group) name what the refusal is about, where one thing is."""
        super().__init__(reason.value)
        self.reason = reason
        self.field = field
        self.position = position

    @property
    def sentence(self) -> "_StrPromise":
        """What happened and what to do, in the reader's language."""
        return SENTENCES[self.reason]
