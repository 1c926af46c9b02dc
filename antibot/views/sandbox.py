"""The hosted page of the pretended bank."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from antibot.models import SandboxOrder
from antibot.payments.interface import NoticeKind
from antibot.payments.sandbox import owe_notice
from antibot.tasks import kick_bank
from vault.rows import first

LATE_SECONDS = 90


@never_cache
def hosted_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Pay, be refused, pay twice, pay with a late message. Exists only where the sandbox is the gateway."""
    if settings.PAYMENT_GATEWAY != "sandbox":
        raise Http404
    order = first(SandboxOrder, "WHERE reference = %s", [reference])
    if order is None:
        raise Http404
    act = request.POST.get("act", "")
    if request.method == "POST" and act in {"pay", "refuse", "twice", "late", "repeat"}:
        _play(order, act)
        return HttpResponseRedirect(order.return_url)
    amount = Decimal(order.amount_cents) / 100
    return render(request, "antibot/sandbox.html", {"order": order, "amount": amount})


@transaction.atomic
def _play(order: SandboxOrder, act: str) -> None:
    now = timezone.now()
    if act == "refuse":
        owe_notice(order, NoticeKind.REFUSED, now)
    elif act == "repeat":  # one payment, announced in two messages
        charge = "ch_" + secrets.token_hex(12)
        owe_notice(order, NoticeKind.PAID, now, charge=charge)
        owe_notice(order, NoticeKind.PAID, now, charge=charge)
    else:
        owe_notice(order, NoticeKind.PAID, now, delay_seconds=LATE_SECONDS if act == "late" else 0)
        if act == "twice":
            owe_notice(order, NoticeKind.PAID, now)
    transaction.on_commit(kick_bank, robust=True)
