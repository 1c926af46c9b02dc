"""Send the codes that travel as text messages."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from antibot.models import OneTimeCode
from antibot.sms.gateways import NotSentError, sms_gateway

log = logging.getLogger(__name__)


MOST_TRIES = 3


def _claim(now: datetime) -> tuple[int, dict[str, Any]] | None:
    with transaction.atomic():
        row = (
            OneTimeCode.objects.select_for_update(skip_locked=True)
            .filter(sms__isnull=False, expires_at__gt=now)
            .order_by("pk")
            .first()
        )
        if row is None:
            return None
        content = cast("dict[str, Any]", row.sms)
        # Emptied before sending: where a worker dies in between, one that is asked for again is better than a message
        # that arrives twice.
        OneTimeCode.objects.filter(pk=row.pk).update(sms=None)
        return row.pk, content


def _put_back(key: int, content: dict[str, Any]) -> None:
    # Unless the code was used or replaced meanwhile: nobody waits for that message.
    OneTimeCode.objects.filter(pk=key, used_at__isnull=True).update(sms=content)


def send_waiting_sms(now: datetime, limit: int = 100) -> int:
    """Send what waits; returns how many went out.

    What the provider did not take waits for the next run, under the same key, so that a provider who took it after all
    sends it once. Then the others wait too: a provider that is away is not asked a hundred times.
    """
    gateway = sms_gateway()
    if gateway is None:
        return 0
    sent = 0
    for _index in range(limit):
        claimed = _claim(now)
        if claimed is None:
            break
        key, content = claimed
        with translation.override(content["language"]):
            text = _("%(code)s is your code. Nobody will ever ask you for it.") % {"code": content["code"]}
        try:
            gateway.send(content["contact"], text, f"code-{key}")
            sent += 1
        except NotSentError as error:
            tries = int(content.get("tries", 0)) + 1
            log.warning("sms_not_sent", extra={"code_row": key, "error": str(error), "tries": tries})
            if error.again and tries < MOST_TRIES:
                _put_back(key, content | {"tries": tries})
            if error.again:
                break
    return sent
