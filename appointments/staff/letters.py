"""The letter to somebody whom the post had to send home."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from appointments import wording
from appointments.letters import Letter, letter
from appointments.models import Request


@letter("post_closed")
def post_closed(row: Request, payload: dict[str, Any]) -> Letter | None:
    """The appointment is cancelled by the post; the fee comes back; where there is a draw the person stands in it."""
    booking, post = row.booking, row.service.post
    day, at = wording.day_in_full(booking.local_day, post.country), wording.clock(booking.local_time)
    sorry = _("Your appointment on %(day)s at %(time)s at %(post)s cannot take place: %(reason)s. We are sorry.")
    parts = [sorry % {"day": day, "time": at, "post": post.name, "reason": payload.get("reason", "")}]
    if payload.get("refund") and payload.get("till"):
        parts.append(_("What you paid at the desk is given back there: come with the receipt, on any working day."))
    elif payload.get("refund"):
        parts.append(_("The service fee you paid is being sent back in full. You need not do anything."))
    if payload.get("again"):
        again = _(
            "We have entered you again with the highest chance there is: your new request %(reference)s takes part in "
            "every coming draw. You can change its days, or withdraw it, under “My bookings”."
        )
        parts.append(again % {"reference": wording.spoken(payload["again"])})
    else:
        parts.append(_("You can make a new request at once; there is no pause."))
    parts.append(_("Booking is free; only the service fee is paid. Nobody may sell you an appointment."))
    return Letter(
        subject=_("Your appointment cannot take place"),
        paragraphs=parts,
        link=reverse("my-request", args=[payload.get("again") or row.reference]),
        link_words=_("Your request"),
    )
