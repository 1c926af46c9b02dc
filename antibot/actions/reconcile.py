"""Fetch what a gateway holds and book what its webhooks never told us."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import IntegrityError

from antibot.actions.receive_notice import receive_notice
from antibot.models import Charge, PaymentEvent
from antibot.payments.interface import Gateway, NoticeKind

log = logging.getLogger(__name__)


def fetch_missed(gateway: Gateway, since: datetime, now: datetime) -> int:
    """Book every message of the gateway since an instant that was not booked yet; returns how many.

    Raises GatewayAwayError. Booking is the same as for a webhook, so a message that still arrives is a repetition.
    """
    booked = 0
    for notice in gateway.look_up(since, now):
        if notice.kind is NoticeKind.IGNORED:
            continue
        if PaymentEvent.objects.filter(gateway=gateway.name, event_id=notice.event_id).exists():
            continue
        if (
            notice.kind is NoticeKind.PAID
            and Charge.objects.filter(gateway=gateway.name, reference=notice.charge_reference).exists()
        ):
            continue
        try:
            booked += receive_notice(gateway.name, notice, now) is not None
        except IntegrityError:
            log.info("fetch_collided", extra={"gateway": gateway.name})  # its webhook arrived at this moment
    return booked
