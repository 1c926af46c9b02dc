"""Note that a request was made for an identity."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
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

SAME = timedelta(hours=12)
_COLUMNS = (
    "at",
    "scope_key",
    "post_key",
    "subject",
    "identity_index",
    "session_hash",
    "network",
    "network_index",
    "shared",
    "contact_index",
    "pattern_index",
)
_SEE = f"""
    WITH known AS (
        UPDATE antibot_sighting SET subject = %(subject)s
         WHERE id = (SELECT id FROM antibot_sighting WHERE session_hash = %(session_hash)s
                        AND identity_index = %(identity_index)s AND at > %(since)s AND subject IN ('', %(subject)s)
                      ORDER BY id DESC LIMIT 1)
        RETURNING id)
    INSERT INTO antibot_sighting ({", ".join(_COLUMNS)})
    SELECT {", ".join(f"%({name})s" for name in _COLUMNS)} WHERE NOT EXISTS (SELECT FROM known)
"""  # noqa: S608 - names of ours


def see(request: HttpRequest, scope_key: str, identity_index: bytes, subject: str, now: datetime) -> None:
    """Write a sighting, or add the subject to the one that this session made for the identity a moment ago."""
    who, session = caller(request), session_hash(request)
    contact = verified_in(request, Purpose.APPLY, now)
    pattern = mail_pattern(contact) if contact and "@" in contact else ""
    seen = {
        "at": now,
        "since": now - SAME,
        "scope_key": scope_key,
        "post_key": post_of(scope_key),
        "subject": subject,
        "identity_index": identity_index,
        "session_hash": session,
        "network": Sighting._meta.get_field("network").get_db_prep_save(who.network, connection),
        "network_index": who.index,
        "shared": who.shared,
        "contact_index": contact_index(contact) if contact else None,
        "pattern_index": blind_index("antibot.pattern", pattern) if pattern else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEE, seen)
