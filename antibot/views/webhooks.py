"""Where gateways report."""

from __future__ import annotations

import logging

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from antibot.actions.receive_notice import receive_notice
from antibot.limits.caps import use
from antibot.limits.origins import caller
from antibot.limits.tallies import Kind, Outcome, tally
from antibot.payments.interface import ForgedError
from antibot.payments.registry import gateway_named

log = logging.getLogger(__name__)
MAX_BODY = 256 * 1024
# Forgeries of one network in a minute of which each is written to the log; beyond, only the first.
LOGGED = 10


def _count_forgery(request: HttpRequest, gateway: str, why: str) -> None:
    """Count a forged message in a bucket of its own.

    A badly set secret, or somebody who forges from behind a shared address, must not make the people there wait. The
    signature alone decides, so a flood gains nothing.
    """
    seen = use(request, "webhooks.forged", caller(request).key, LOGGED, 60)
    if not seen.over or seen.count == LOGGED + 1:
        log.warning("webhook_forged", extra={"gateway": gateway, "why": why, "in_this_minute": seen.count})


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, gateway: str) -> HttpResponse:
    """Verify a message by its signature and book it. A repetition is answered like the first time.

    Anything but 2xx makes a gateway repeat the message: wanted for failures of ours, harmless for forgeries.
    """
    found = gateway_named(gateway)
    if found is None:
        return HttpResponse(status=404)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return HttpResponse(status=413)
    now = timezone.now()
    try:
        notice = found.read_notice(request.headers, request.body, now)
    except ForgedError as error:
        _count_forgery(request, gateway, str(error))
        tally("", Kind.WEBHOOK, Outcome.FAILED, now)
        return HttpResponse(status=400)
    try:
        receive_notice(found.name, notice, now)
    except IntegrityError:
        # Two workers booked one message at once; the other one has it. Ask for it again: by then the row is seen.
        log.info("webhook_collided", extra={"gateway": gateway})
        return HttpResponse(status=409)
    return HttpResponse(status=200)
