"""Applicants who are already at the page where one chooses a time: everything before it is prepared in the tables."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from antibot.actions.send_code import contact_index
from antibot.models import OneTimeCode
from appointments.models import Draft, Service


@dataclass(frozen=True)
class Ready:
    """Somebody who only has to choose: the cookies of the browser and the address of the page."""

    session: str
    draft: str
    address: str


def _kept(number: int) -> dict[str, Any]:
    return {
        "family_name": f"PERSON {number}",
        "given_names": "Test",
        "birth_date": "1990-01-01",
        "nationality": "DZ",
        "passport_country": "DZ",
        "passport_number": f"ZZ{number:07}",
        "france_visas": "",
    }


def network(number: int) -> str:
    """An address of somebody's own, from the range for benchmarks (RFC 2544)."""
    return f"198.{18 + (number >> 16) % 2}.{number >> 8 & 255}.{number & 255}"


def ready(service: Service, first: int, count: int) -> list[Ready]:
    """`count` people with a verified address and their passport typed in, waiting at the calendar of `service`."""
    now = timezone.now()
    people, drafts, codes = [], [], []
    for number in range(first, first + count):
        token, antibot_token = f"draft-token-{number:020}", f"antibot-token-{number:020}"
        session = SessionStore()
        session.update({"draft_token": token, "antibot_token": antibot_token})
        session.save()
        contact = f"person{number}@example.org"
        draft = Draft(
            session_hash=hashlib.sha256(token.encode()).digest(),
            service=service,
            payload={"contact": contact, "people": [_kept(number)]},
            created_at=now,
            updated_at=now,
        )
        drafts.append(draft)
        codes.append(
            OneTimeCode(
                session_hash=hashlib.sha256(f"antibot-session\x00{antibot_token}".encode()).digest(),
                contact=contact,
                contact_index=contact_index(contact),
                network_index=bytes(32),
                purpose="apply",
                code_hash=bytes(32),
                attempts=1,
                attempts_allowed=5,
                created_at=now,
                expires_at=now,
                used_at=now,
                opened_until=now + timedelta(hours=2),
            )
        )
        people.append(Ready(session.session_key or "", draft.public_id, network(number)))
    Draft.objects.bulk_create(drafts)
    OneTimeCode.objects.bulk_create(codes)
    return people


def hold_request(person: Ready, slot_id: int, port: int, session_cookie: str, csrf_cookie: str) -> str:
    """The raw request that holds a slot: what the browser sends when the button is pressed."""
    token = "c" * 32  # CSRF compares cookie and field; both are the browser's own
    body = f"csrfmiddlewaretoken={token}&slot={slot_id}"
    return (
        f"POST /apply/{person.draft}/slots/ HTTP/1.1\r\nHost: localhost:{port}\r\n"
        f"Cookie: {session_cookie}={person.session}; {csrf_cookie}={token}\r\n"
        f"X-Forwarded-For: {person.address}\r\nOrigin: http://localhost:{port}\r\nAccept-Language: fr\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
