"""Background work of antibot."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from mailroom.kicks import kick

log = logging.getLogger(__name__)

# name: (task, seconds between runs)
BEAT = {
    "antibot-sms": ("antibot.tasks.send_sms", 20),
    "antibot-money": ("antibot.tasks.move_money", 30),
    "antibot-shadow": ("antibot.tasks.carry_shadow", 60),
    "antibot-tallies": ("antibot.tasks.carry_tallies", 60),
    "antibot-forget": ("antibot.tasks.forget", 300),
    "antibot-reconcile": ("antibot.tasks.reconcile", 3600),
    "antibot-radar": ("antibot.tasks.run_radar", 600),
}


@shared_task(name="antibot.tasks.send_sms", ignore_result=True)
def send_sms() -> int:
    """Send the codes that travel as text messages."""
    from antibot.actions.send_sms import send_waiting_sms

    return send_waiting_sms(timezone.now())


@shared_task(name="antibot.tasks.carry_shadow", ignore_result=True)
def carry_shadow() -> int:
    """Carry the counts of versions in shadow into their table."""
    from antibot.limits.shadow import carry

    return carry()


@shared_task(name="antibot.tasks.carry_tallies", ignore_result=True)
def carry_tallies() -> int:
    """Carry the figures and the recorded acts of the last minute into their tables."""
    from antibot.limits import acts, tallies

    return tallies.carry_tallies() + acts.carry_acts()


@shared_task(name="antibot.tasks.move_money", ignore_result=True)
def move_money() -> int:
    """Expire demands whose deadline passed, send refunds back, deliver what the sandbox owes."""
    from antibot.actions.expire_payments import expire_payments
    from antibot.actions.refund_charges import refund_due_charges
    from antibot.payments.sandbox import deliver_notices

    now = timezone.now()
    return expire_payments(now) + refund_due_charges(now) + deliver_notices(now)


@shared_task(name="antibot.tasks.deliver", ignore_result=True)
def deliver() -> int:
    """Deliver what the pretended bank owes, at once after somebody paid there."""
    from antibot.payments.sandbox import deliver_notices

    return deliver_notices(timezone.now())


@shared_task(name="antibot.tasks.forget", ignore_result=True)
def forget() -> int:
    """Delete what is over its time; what is left over waits for the next run."""
    from antibot.retention import SWEEPERS

    now = timezone.now()
    return sum(sweeper(now, 5000) for sweeper in SWEEPERS.values())


@shared_task(name="antibot.tasks.reconcile", ignore_result=True)
def reconcile() -> int:
    """Book what the gateway holds and never told us, and log every disagreement, of our tables and with the gateway."""
    from antibot.actions.reconcile import fetch_missed
    from antibot.payments.interface import GatewayAwayError
    from antibot.payments.registry import hosted_gateway
    from antibot.queries.reconciliation import differences, disagreements

    now, gateway = timezone.now(), hosted_gateway()
    since = now - timedelta(days=3)
    for line in disagreements(now):
        log.error("money_disagrees", extra={"line": line})
    try:
        booked = fetch_missed(gateway, since, now)
        for line in differences(gateway, since, now):
            log.error("money_disagrees", extra={"line": line})
    except GatewayAwayError as error:
        log.warning("reconciliation_waits", extra={"error": str(error)})
        return 0
    return booked


@shared_task(name="antibot.tasks.run_radar", ignore_result=True)
def run_radar() -> int:
    """Look for groups with too much in common, and queue them for a person."""
    from antibot.actions.watch import watch

    return watch(timezone.now())


def kick_sms() -> None:
    """Ask a worker to send text messages now; the sweep does it anyway."""
    kick(send_sms, expires=60)


def kick_bank() -> None:
    """Ask a worker to let the pretended bank send its messages; `move_money` does it anyway."""
    kick(deliver, expires=60)


def kick_money() -> None:
    """Ask a worker to look after payments now; the sweep does it anyway."""
    kick(move_money, expires=60)
