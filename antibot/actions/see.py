"""Note that a request was made for an identity."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

from antibot.actions.send_code import contact_index
from antibot.domain.contacts import mail_pattern
from antibot.domain.policy import post_of
from antibot.limits.origins import caller
from antibot.models import Sighting
from antibot.purposes import Purpose
from antibot.queries.verified import verified_in
from antibot.sessions import session_hash
from vault.index import blind_index
from vault.rows import insert

SAME = timedelta(hours=12)
_KNOWN = """
    SELECT * FROM antibot_sighting
     WHERE session_hash = %s AND identity_index = %s AND at > %s AND subject IN ('', %s) ORDER BY id DESC LIMIT 1
"""


def see(request: HttpRequest, scope_key: str, identity_index: bytes, subject: str, now: datetime) -> Sighting:
    """Write a sighting, or add the subject to the one that this session made for the identity a moment ago."""
    who, session = caller(request), session_hash(request)
    known = next(iter(Sighting.objects.raw(_KNOWN, [session, identity_index, now - SAME, subject])), None)
    if known is not None:
        if subject and not known.subject:
            known.subject = subject
            known.save(update_fields=["subject"])
        return known
    contact = verified_in(request, Purpose.APPLY, now)
    pattern = mail_pattern(contact) if contact and "@" in contact else ""
    seen = Sighting(
        at=now,
        scope_key=scope_key,
        post_key=post_of(scope_key),
        subject=subject,
        identity_index=identity_index,
        session_hash=session,
        network=who.network,
        network_index=who.index,
        shared=who.shared,
        contact_index=contact_index(contact) if contact else None,
        pattern_index=blind_index("antibot.pattern", pattern) if pattern else None,
    )
    return insert(seen)
