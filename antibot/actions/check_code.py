"""Try a one-time code."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from django.db import transaction

from antibot.actions.send_code import code_hashes, contact_index
from antibot.domain.contacts import Channel, channel_of, code_typed
from antibot.domain.guessing import DIGITS
from antibot.limits.shadow import observe
from antibot.limits.tallies import Kind, Outcome, tally
from antibot.models import OneTimeCode
from antibot.purposes import OPENS_FOR, Purpose
from antibot.queries.policies import in_force
from antibot.refusals import Reason, Refusal, refuse
from vault.rows import change, first
from vault.text import latin_digits

_NEWEST = """
    WHERE session_hash = %s AND purpose = %s AND contact_index = %s
    ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE
"""


def code_kind(contact: str) -> str:
    """The channel of a contact, in the words of the tallies."""
    return Kind.MAIL if channel_of(contact) is Channel.MAIL else Kind.SMS


def _observe(row: OneTimeCode | None, now: datetime) -> None:
    """Would a version in shadow have refused this attempt?"""
    force = in_force(row.scope_key) if row is not None and row.used_at is None else None
    if row is None or force is None or force.shadow is None:
        return
    late = now >= row.created_at + timedelta(minutes=force.shadow.code_minutes)
    would = late or row.attempts >= force.shadow.code_attempts
    observe(force.shadow_version, "code typed", would_refuse=would, now=now)


@transaction.atomic
def check_one_time_code(*, session: bytes, contact: str, code: str, purpose: Purpose, now: datetime) -> Refusal | None:
    """None where the code is right; then it is used up and the session is open for the purpose.

    The row is locked, so that parallel attempts are counted one after the other and a right code counts once. Text that
    cannot be a code (a letter, a missing digit) costs no attempt.
    """
    index = contact_index(contact)
    row = first(OneTimeCode, _NEWEST, [session, str(purpose), index])
    _observe(row, now)
    if row is None or row.used_at is not None or row.expires_at <= now:
        return refuse(Reason.CODE_EXPIRED)
    if row.attempts >= row.attempts_allowed:
        return refuse(Reason.CODE_SPENT)
    typed = code_typed(latin_digits(code), DIGITS)
    if typed is None:
        return refuse(Reason.CODE_WRONG)
    row.attempts += 1
    tried = code_hashes(typed, session, index, purpose)
    if not any(hmac.compare_digest(one, bytes(row.code_hash)) for one in tried):
        change(row, "attempts")
        tally(row.scope_key, code_kind(contact), Outcome.FAILED, now)
        return refuse(Reason.CODE_SPENT if row.attempts >= row.attempts_allowed else Reason.CODE_WRONG)
    row.used_at = now
    row.opened_until = now + OPENS_FOR[purpose]
    row.sms = None
    change(row, "attempts", "used_at", "opened_until", "sms")
    tally(row.scope_key, code_kind(contact), Outcome.PASSED, now)
    return None
