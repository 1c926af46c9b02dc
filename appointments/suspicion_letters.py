"""Letters about a suspicion: what was seen, what one can do, how it ended, and where to complain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from antibot import doors
from appointments import wording
from appointments.letters import Letter, letter
from appointments.models import Request, Suspicion


def _until(row: Request, payload: dict[str, Any]) -> str:
    post = row.service.post
    return wording.instant_in_full(datetime.fromisoformat(payload["until"]), post.timezone, post.country)


def _is_open(row: Request, case: str) -> bool:
    return Suspicion.objects.filter(request=row, case=case, outcome="").exists()


@letter("suspicion_notice")
def suspicion_notice(row: Request, payload: dict[str, Any]) -> Letter | None:
    """Something was seen; nothing is decided; here is how to object, and until when."""
    if not _is_open(row, payload["case"]):
        return None
    seen, _reason = doors.case_in_words(payload["case"])
    return Letter(
        subject=_("Your request is looked at: you can answer"),
        paragraphs=[
            _(
                "A program found that your request has much in common with requests of other people. "
                "That can have good reasons. Nothing has been decided, and your request stands as it is."
            ),
            *seen,
            _(
                "If this is a mistake, say so by the link below: a person reads it before anything is decided. "
                "Families, employers and associations look like this too."
            ),
            _("You have until %(until)s. Nobody decides before that.") % {"until": _until(row, payload)},
        ],
        link=doors.objection_path(payload["case"], payload["subject"]),
        link_words=_("Read and object"),
    )


@letter("suspicion_dismissed")
def suspicion_dismissed(row: Request, payload: dict[str, Any]) -> Letter:
    """All is well."""
    return Letter(
        subject=_("All is well: nothing changes"),
        paragraphs=[
            _("We wrote to you that your request has much in common with others. A person has looked at it."),
            _("All is well, and nothing changes. You need not do anything. We are sorry for the worry."),
            *([payload["answer"]] if payload.get("answer") else []),
        ],
        link=f"/my/{row.reference}/",
        link_words=_("Your request"),
    )


@letter("suspicion_declined")
def suspicion_declined(row: Request, payload: dict[str, Any]) -> Letter | None:
    """The answer to an objection that a person did not follow."""
    if not _is_open(row, payload["case"]):
        return None
    return Letter(
        subject=_("The answer to your objection"),
        paragraphs=[
            _("A person has read your objection and could not agree with it. Their answer:"),
            payload["answer"],
            _("The decision on your request comes in a letter of its own. You can write once more by the link below."),
        ],
        link=doors.objection_path(payload["case"], payload["subject"]),
        link_words=_("Read and object"),
    )


@letter("suspicion_upheld")
def suspicion_upheld(row: Request, payload: dict[str, Any]) -> Letter:
    """The decision, its reason, what happens to the money, and where to complain."""
    seen, reason = doors.case_in_words(payload["case"])
    ended = {
        "request": _("A person of the post has decided: your request takes part in no further draw."),
        "booking": _(
            "A person of the post has decided: your appointment is cancelled. Its place went back to the lot."
        ),
    }
    words = [ended.get(payload["effect"], _("It was over already, so nothing else happens."))]
    if payload["refund"]:
        words.append(_("The service fee is paid back, the way it was paid."))
    if payload["effect"]:
        words.append(_pause(row))
    words += [_("What was seen:"), *seen] if seen else []
    words += [_("The reason of the decision: %(reason)s") % {"reason": reason}] if reason else []
    return Letter(subject=_("The decision about your request"), paragraphs=[*words, *_complaint(row)])


def _pause(row: Request) -> str:
    days = row.service.cooling_off_days
    return _("The same people can ask again after %(days)s days.") % {"days": days} if days else _("You can ask again.")


def _complaint(row: Request) -> list[str]:
    mail = row.service.post.contact_email
    look = _("If you think that this is wrong, ask the post to look at it again: %(mail)s") % {"mail": mail}
    further = _(
        "You can also turn to the Défenseur des droits (www.defenseurdesdroits.fr), free of charge, or to the "
        "administrative court."
    )
    return [look, further] if mail else [further]
