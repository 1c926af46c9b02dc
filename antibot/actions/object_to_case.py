"""Somebody who was told about a suspicion says that it is a mistake."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.urls import reverse

from antibot.domain.picture import LETTERS
from antibot.models import Appeal, RadarCase
from antibot.models.radar import NOTICE_DAYS

_SALT = "antibot.objection"


@dataclass(frozen=True)
class Told:
    """What the link of a notice stands for."""

    case: str
    subject: str


def objection_path(case: str, subject: str) -> str:
    """The page on which the person behind `subject` objects: a signed link, so that the letter itself is the key."""
    return reverse("antibot:objection", args=[signing.dumps([case, subject], salt=_SALT)])


def read_link(token: str) -> Told | None:
    """What a link stands for; None where we did not make it."""
    try:
        case, subject = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Told(str(case), str(subject))


def case_of(told: Told) -> RadarCase | None:
    """The case of a link, where its subject is among those of the case."""
    return RadarCase.objects.filter(reference=told.case, subjects__contains=[told.subject]).first()


def objection_until(case: RadarCase) -> datetime | None:
    """Until when people may object at least; None while they were not told."""
    return case.notified_at + timedelta(days=NOTICE_DAYS) if case.notified_at else None


def objection_of(told: Told) -> Appeal | None:
    """The newest objection of a subject in its case."""
    return Appeal.objects.filter(case__reference=told.case, subject=told.subject).order_by("-pk").first()


def new_objection_reference() -> str:
    """A reference that people can read out."""
    return "E" + "".join(secrets.choice(LETTERS) for _ in range(9))


@transaction.atomic
def write_objection(told: Told, *, text: str, language: str, network: str, now: datetime) -> Appeal | None:
    """Write an objection, one open at a time: a second click gives the first one. None where the case is decided.

    The case is locked, so that no decision against the person passes an objection that is being written.
    """
    case = RadarCase.objects.select_for_update().filter(reference=told.case).first()
    if case is None or case.state != RadarCase.State.NOTIFIED or told.subject not in case.subjects:
        return None
    waiting = Appeal.objects.filter(case=case, subject=told.subject, state=Appeal.State.OPEN).first()
    return waiting or Appeal.objects.create(
        reference=new_objection_reference(),
        case=case,
        subject=told.subject,
        post_key=case.post_key,
        network=network,
        contact_index=b"",
        language=language,
        text=text,
        created_at=now,
    )
