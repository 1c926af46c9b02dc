"""Send the codes that travel as text messages."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import cast

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from antibot.models import OneTimeCode
from antibot.sms.gateways import NotSentError, sms_gateway

log = logging.getLogger(__name__)


def _claim(now: datetime) -> tuple[int, dict[str, str]] | None:
    with transaction.atomic():
        row = (
            OneTimeCode.objects.select_for_update(skip_locked=True)
            .filter(sms__isnull=False, expires_at__gt=now)
            .order_by("pk")
            .first()
        )
        if row is None:
            return None
        content = cast("dict[str, str]", row.sms)
        # Emptied before sending: a message that may arrive twice is worse than one that is asked for again.
        OneTimeCode.objects.filter(pk=row.pk).update(sms=None)
        return row.pk, content


def send_waiting_sms(now: datetime, limit: int = 100) -> int:
    """Send what waits, each message once; returns how many went out."""
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
            log.warning("sms_not_sent", extra={"code_row": key, "error": str(error)})
    return sent
