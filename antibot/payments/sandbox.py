"""The pretended bank: a hosted page, signed webhooks over HTTP, refunds. It behaves as badly as real ones do."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.urls import reverse

from antibot.derived import derived_secret
from antibot.models import Charge, Payment, SandboxNotice, SandboxOrder
from antibot.payments.interface import ForgedError, Notice, NoticeKind, Opened, Refunded
from vault.rows import insert, insert_unless_there

log = logging.getLogger(__name__)

SIGNATURE_HEADER = "Sandbox-Signature"
TOLERANCE = timedelta(minutes=5)
MAX_ATTEMPTS = 40


def sign(body: bytes, at: int) -> str:
    """The signature header of a message sent at Unix time `at`: the scheme that Stripe uses."""
    mac = hmac.new(derived_secret("sandbox-webhook"), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class SandboxGateway:
    """Our side of the pretended bank."""

    name = "sandbox"

    def open(self, payment: Payment, attempt: str, return_url: str, now: datetime) -> Opened:
        """Write the order; the pretended bank is this site itself."""
        reference = "sb_" + hashlib.sha256(f"{payment.public_id}:{attempt}".encode()).hexdigest()[:32]
        order = SandboxOrder(
            reference=reference,
            merchant_reference=str(payment.public_id),
            amount_cents=payment.amount_cents,
            currency=payment.currency,
            description=payment.description,
            language=payment.language,
            return_url=return_url,
            created_at=now,
        )
        insert_unless_there(order)
        return Opened(reference, reverse("antibot:sandbox", args=[reference]), now + timedelta(hours=24))

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Verify the HMAC over time and body, then read."""
        _verify(headers.get(SIGNATURE_HEADER, ""), body, now)
        try:
            message = json.loads(body)
            return Notice(
                event_id=str(message["id"]),
                kind=NoticeKind(message["kind"]),
                occurred_at=datetime.fromtimestamp(int(message["at"]), UTC),
                payment_reference=str(message["merchant_reference"]),
                charge_reference=str(message.get("charge", "")),
                amount_cents=int(message["amount_cents"]),
                currency=str(message["currency"]),
                instrument=str(message.get("instrument", "")),
                raw_kind=str(message["kind"]),
            )
        except (ValueError, KeyError, TypeError, OverflowError, OSError) as error:
            raise ForgedError("not a message") from error

    def refund(self, charge: Charge, now: datetime) -> Refunded:
        """The pretended bank refunds at once."""
        return Refunded(f"sbr_{charge.pk}", done=True)

    def look_up(self, since: datetime, now: datetime) -> Iterable[Notice]:
        """Every message that the pretended bank ever owed since `since`."""
        for row in SandboxNotice.objects.filter(order__created_at__gte=since).order_by("pk"):
            body = row.body.encode()
            yield self.read_notice({SIGNATURE_HEADER: sign(body, int(now.timestamp()))}, body, now)


def _verify(header: str, body: bytes, now: datetime) -> None:
    parts = dict(part.partition("=")[::2] for part in header.split(",")[:4])
    stamp = parts.get("t", "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise ForgedError("no time")
    if not hmac.compare_digest(sign(body, int(stamp)).encode(), f"t={stamp},v1={parts.get('v1', '')}".encode()):
        raise ForgedError("signature")
    if abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        raise ForgedError("too old")


def owe_notice(
    order: SandboxOrder, kind: NoticeKind, now: datetime, *, charge: str = "", delay_seconds: int = 0, **changes: Any
) -> SandboxNotice:
    """Write a webhook that the pretended bank owes us; `changes` replace fields, as a faulty bank would."""
    event_id = "evt_" + secrets.token_hex(12)
    message: dict[str, Any] = {
        "id": event_id,
        "kind": str(kind),
        "at": int(now.timestamp()),
        "merchant_reference": order.merchant_reference,
        "charge": charge or "ch_" + secrets.token_hex(12),
        "amount_cents": order.amount_cents,
        "currency": order.currency,
        "instrument": "card-" + hashlib.sha256(order.reference.encode()).hexdigest()[:12],
    } | changes
    due = now + timedelta(seconds=delay_seconds)
    return insert(SandboxNotice(order=order, event_id=event_id, body=json.dumps(message), not_before=due))


# The pause doubles from five seconds to an hour. It is set before sending: a sender that dies is only a delay.
# The one that was just accepted is ticked off on the way.
_TAKE = """
    WITH accepted AS (UPDATE antibot_sandboxnotice SET delivered_at = %(now)s WHERE id = %(accepted)s)
    UPDATE antibot_sandboxnotice SET attempts = attempts + 1,
           not_before = %(now)s + least(interval '1 hour', interval '5 seconds' * 2 ^ least(attempts, 12))
     WHERE id = (SELECT id FROM antibot_sandboxnotice
                  WHERE delivered_at IS NULL AND not_before <= %(now)s AND attempts < %(most)s
                  ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, body
"""


def deliver_notices(now: datetime, limit: int = 50) -> int:
    """Send what is owed to our own webhook address over HTTP; what is not accepted is sent again. Returns how many."""
    if settings.PAYMENT_GATEWAY != "sandbox":
        return 0
    delivered, accepted = 0, None
    for index in range(limit + 1):
        with connection.cursor() as cursor:
            most = MAX_ATTEMPTS if index < limit else 0
            cursor.execute(_TAKE, {"now": now, "most": most, "accepted": accepted})
            taken = cursor.fetchone()
        if taken is None:
            break
        # Sent without holding the row: the answer may take long, and our own side locks rows of its own.
        accepted = taken[0] if 200 <= _post(taken[1].encode(), now) < 300 else None
        delivered += accepted is not None
    return delivered


def _post(body: bytes, now: datetime) -> int:
    """The status of the answer, 0 where there was none."""
    origin = urlsplit(settings.PUBLIC_ORIGIN)
    secure = origin.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    link = kind(origin.hostname or "localhost", origin.port, timeout=10)
    headers = {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, int(now.timestamp()))}
    try:
        link.request("POST", reverse("antibot:webhook", args=["sandbox"]), body, headers)
        return link.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        log.info("sandbox_webhook_waits", extra={"error": type(error).__name__})
        return 0
    finally:
        link.close()
