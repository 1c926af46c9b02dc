"""Contacts and codes as people type them."""

from __future__ import annotations

import re
from enum import StrEnum

from vault.text import canonical, latin_digits

_MAIL = re.compile(r"[^@\s,;:<>()\[\]\\\"]{1,64}@([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164


class Channel(StrEnum):
    """How a code travels."""

    MAIL = "mail"
    SMS = "sms"


def channel_of(contact: str) -> Channel | None:
    """The channel of a contact in its canonical form; None for anything that is neither address nor number."""
    if _PHONE.fullmatch(contact):
        return Channel.SMS
    if len(contact) <= 254 and _MAIL.fullmatch(contact):
        return Channel.MAIL
    return None


def normal_contact(text: str) -> str:
    """One form for one mailbox or number: spaces gone, everything in lower case, `00` as `+`.

    Nothing is done about dots or plus signs: only the provider knows whether they matter, and a code sent to a
    changed address may reach somebody else.
    """
    folded = "".join(text.split()).lower()
    if re.fullmatch(r"(\+|00)[0-9().\-]{6,25}", folded):
        return "+" + re.sub(r"[^0-9]", "", folded.removeprefix("00") if folded.startswith("00") else folded)
    return folded


def address_in(text: str) -> str | None:
    """The address that somebody wrote into a field without rules, in the form in which a code proves it.

    The whole text, where it is a mailbox or an international number; else the first mailbox in it. None: there is none.
    """
    plain = latin_digits(canonical(text))
    whole = normal_contact(plain)
    words = (word.strip(".") for word in re.split(r"[\s,;:<>()\[\]\\\"]+", plain.lower()) if "@" in word)
    return next((word for word in (whole, *words) if channel_of(word) is not None), None)


def mail_pattern(contact: str) -> str:
    """What invented addresses of one hand have in common: digits as `9`, tags and dots gone, with the domain.

    Only a signal among others: families look like this as well.
    """
    local, _, domain = contact.rpartition("@")
    local = local.partition("+")[0].replace(".", "")
    return re.sub(r"[0-9]+", "9", local) + "@" + domain


def code_typed(text: str, length: int) -> str | None:
    """The digits of a code; spaces, dots and hyphens are passed over. None where it cannot be one.

    The caller turns the digits of other scripts into 0-9 first.
    """
    if len(text) > 60:
        return None
    digits = re.sub(r"[\s.\-–_]", "", text)
    return digits if re.fullmatch(rf"[0-9]{{{length}}}", digits) else None
