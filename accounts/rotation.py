"""Sessions signed again after a new secret key, so that the earlier one can go at once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.core import signing
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.sessions import SessionStore
from vault.rotation import keep_signed

_BATCH = 500


def _is_signed_now(text: str, store: SessionStore) -> bool:
    try:
        signing.TimestampSigner(salt=store.key_salt, fallback_keys=[]).unsign(text)
    except signing.BadSignature:
        return False
    return True


def _knows_user_now(data: dict[str, Any]) -> bool:
    """Whether what a session says of somebody's password stands under the present key; if not, make it so."""
    said, who = str(data.get(HASH_SESSION_KEY, "")), str(data.get(SESSION_KEY, ""))
    user = User.objects.filter(pk=who).first() if said and who.isdigit() else None
    if user is None or constant_time_compare(said, user.get_session_auth_hash()):
        return True
    if not any(constant_time_compare(said, earlier) for earlier in user.get_session_auth_fallback_hash()):
        return True  # the password changed since: this session ends at its next request, and that is right
    data[HASH_SESSION_KEY] = user.get_session_auth_hash()
    return False


def resign_sessions(dry_run: bool) -> int:
    """Sign living sessions of an earlier secret key with the present one; returns how many.

    A session that is written in the same moment is left alone: the application has just signed it itself.
    """
    store, last, found = SessionStore(), "", 0
    while True:
        living = Session.objects.filter(expire_date__gt=timezone.now(), session_key__gt=last)
        rows = list(living.order_by("session_key")[:_BATCH])
        if not rows:
            return found
        last = rows[-1].session_key
        for row in rows:
            data = store.decode(row.session_data)
            if not data or (_knows_user_now(data) and _is_signed_now(row.session_data, store)):
                continue
            found += 1
            if not dry_run:
                unchanged = Session.objects.filter(session_key=row.session_key, session_data=row.session_data)
                unchanged.update(session_data=store.encode(data))


keep_signed(resign_sessions)
