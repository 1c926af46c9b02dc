"""Background work of antibot."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# name: (task, seconds between runs)
BEAT = {
    "antibot-sms": ("antibot.tasks.send_sms", 20),
    "antibot-money": ("antibot.tasks.move_money", 30),
    "antibot-shadow": ("antibot.tasks.carry_shadow", 60),
    "antibot-forget": ("antibot.tasks.forget", 300),
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


@shared_task(name="antibot.tasks.move_money", ignore_result=True)
def move_money() -> int:
    """Expire demands whose deadline passed, send refunds back, deliver what the sandbox owes."""
    from antibot.actions.expire_payments import expire_payments
    from antibot.actions.refund_charges import refund_due_charges
    from antibot.payments.sandbox import deliver_notices

    now = timezone.now()
    return expire_payments(now) + refund_due_charges(now) + deliver_notices(now)


@shared_task(name="antibot.tasks.forget", ignore_result=True)
def forget() -> int:
    """Delete what is over its time; what is left over waits for the next run."""
    from antibot.retention import SWEEPERS

    now = timezone.now()
    return sum(sweeper(now, 5000) for sweeper in SWEEPERS.values())


def _kick(task: object) -> None:
    try:
        task.apply_async(retry=False, expires=60)  # type: ignore[attr-defined]
    except (OperationalError, OSError):
        log.warning("kick_failed", extra={"task": getattr(task, "name", "")})


def kick_sms() -> None:
    """Ask a worker to send text messages now; the sweep does it anyway."""
    _kick(send_sms)


def kick_money() -> None:
    """Ask a worker to look after payments now; the sweep does it anyway."""
    _kick(move_money)
