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
_SEE = f"SELECT antibot_see({', '.join(['%s'] * 12)})"


def see(request: HttpRequest, scope_key: str, identity_index: bytes, subject: str, now: datetime) -> None:
    """Write a sighting, or add the subject to the one that this session made for the identity a moment ago."""
    who, session = caller(request), session_hash(request)
    contact = verified_in(request, Purpose.APPLY, now)
    pattern = mail_pattern(contact) if contact and "@" in contact else ""
    network = Sighting._meta.get_field("network").get_db_prep_save(who.network, connection)
    seen = [
        now, now - SAME, scope_key, post_of(scope_key), subject, identity_index,
        session, network, who.index, who.shared,
        contact_index(contact) if contact else None,
        blind_index("antibot.pattern", pattern) if pattern else None,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SEE, seen)
