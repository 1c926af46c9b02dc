"""Make a one-time code and hand it to its channel."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from antibot.domain.contacts import Channel
from antibot.domain.guessing import DIGITS
from antibot.domain.policy import Policy
from antibot.models import OneTimeCode
from antibot.purposes import Purpose
from antibot.refusals import Reason, Refusal, refuse
from mailroom.post import enqueue
from vault.index import blind_index
from vault.rows import insertion, together, written


def contact_index(contact: str) -> bytes:
    """The blind index of a contact in its canonical form."""
    return blind_index("antibot.contact", contact)


def code_hashes(code: str, session: bytes, contact: bytes, purpose: str) -> list[bytes]:
    """HMAC of a code with what it is bound to, under the pepper in force first, then under earlier peppers.

    A password hash would cost more than the booking and gain nothing: a million codes are tried in seconds either way,
    and only the pepper, which is not in the database, stands against it.
    """
    message = b"\x00".join([b"one-time-code", code.encode(), session, contact, purpose.encode()])
    peppers = [settings.OTP_PEPPER, *settings.OTP_PEPPER_FALLBACKS]
    return [hmac.digest(pepper.encode(), message, hashlib.sha256) for pepper in peppers]


_BEFORE = "SELECT * FROM antibot_codes_before(%s, %s, %s, %s, %s, %s)"
_END_EARLIER = """
    UPDATE antibot_onetimecode SET expires_at = %s, sms = NULL
     WHERE session_hash = %s AND contact_index = %s AND purpose = %s AND used_at IS NULL AND expires_at > %s
"""


def too_soon(
    session: bytes,
    contact: bytes,
    purpose: Purpose,
    network: bytes,
    factor: int,
    policy: Policy,
    now: datetime,
    *,
    lock: bool = False,
) -> Refusal | None:
    """The refusal of one more code now. With `lock`, whoever asks for the same contact waits for this transaction.

    The pause is for one purpose: whoever has just proved an address to look up a booking may cancel it at once. The
    numbers an hour and a day count all purposes together, so that asking for another purpose gives nobody one more code
    to guess (`domain.guessing` counts on it).
    """
    cooldown, an_hour, a_day = timedelta(seconds=policy.code_cooldown_seconds), timedelta(hours=1), timedelta(days=1)
    number = int.from_bytes(contact[:4], "big", signed=True) if lock else None
    with connection.cursor() as cursor:
        cursor.execute(
            _BEFORE, [number, contact, network, now - a_day, now - an_hour, policy.codes_per_contact_day + 1]
        )
        created, sessions, purposes, of_network = cursor.fetchone()
    day = created or []
    for created_at, by, asked_for in zip(day, sessions or [], purposes or [], strict=True):
        if created_at > now - cooldown and bytes(by) == session and asked_for == purpose:
            return refuse(Reason.CODE_WAIT, int((created_at + cooldown - now).total_seconds()) + 1)
    hour = [created_at for created_at in day if created_at > now - an_hour]
    for times, most, span in (
        (hour, policy.codes_per_contact_hour, an_hour),
        (day, policy.codes_per_contact_day, a_day),
    ):
        if len(times) >= most:
            return refuse(Reason.CODE_LIMIT, int((times[most - 1] + span - now).total_seconds()) + 1)
    return refuse(Reason.CODE_LIMIT, 600) if of_network >= policy.codes_per_network_hour * factor else None


@transaction.atomic
def send_one_time_code(
    *,
    session: bytes,
    contact: str,
    channel: Channel,
    purpose: Purpose,
    scope_key: str,
    language: str,
    network: bytes,
    network_factor: int,
    policy: Policy,
    now: datetime,
) -> Refusal | None:
    """Write a code for `contact` and put it into the outbox; an earlier one of the same binding ends.

    Refusals depend on what was sent before, never on whether the contact is known to anybody.
    """
    index = contact_index(contact)
    # The limits count rows: two requests for one contact must not both see the count of before.
    refused = too_soon(session, index, purpose, network, network_factor, policy, now, lock=True)
    if refused is not None:
        return refused
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    row = OneTimeCode(
        session_hash=session,
        contact=contact,
        contact_index=index,
        network_index=network,
        purpose=purpose,
        scope_key=scope_key,
        code_hash=code_hashes(code, session, index, purpose)[0],
        attempts_allowed=policy.code_attempts,
        created_at=now,
        expires_at=now + timedelta(minutes=policy.code_minutes),
    )
    ended = (_END_EARLIER, [now, session, index, str(purpose), now])
    written(row, together(ended, insertion(row))[1])
    content = {
        "code": code,
        "contact": contact,
        "language": language,
        "minutes": policy.code_minutes,
        "purpose": purpose,
    }
    if channel is Channel.SMS:
        from antibot.tasks import kick_sms

        OneTimeCode.objects.filter(pk=row.pk).update(sms=content)
        transaction.on_commit(kick_sms, robust=True)
    else:
        enqueue("one_time_code", str(row.pk), payload=content)
    return None
