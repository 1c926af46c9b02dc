"""The page where a person chooses how to pay, and the way back from the gateway."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from decimal import Decimal

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from antibot.actions.open_checkout import open_checkout
from antibot.actions.pay_voucher import VoucherRefusal, pay_with_voucher
from antibot.domain.payment_states import OPEN_STATES, PaymentState
from antibot.domain.scores import Fault
from antibot.limits.faults import record_fault
from antibot.limits.gate import gate
from antibot.limits.shadow import observe
from antibot.models import Payment
from antibot.payments.interface import GatewayAwayError
from antibot.purposes import Purpose
from antibot.queries.policies import in_force, policy_for
from vault.rows import first

log = logging.getLogger(__name__)

VOUCHER_SENTENCES = {
    VoucherRefusal.UNKNOWN: _("This voucher code is not known. Please compare it with your receipt, sign by sign."),
    VoucherRefusal.USED: _("This voucher has been used. If you did not use it, ask where you bought it."),
    VoucherRefusal.WRONG_VALUE: _(
        "This voucher has another value than this payment. Each voucher pays one fee exactly."
    ),
    VoucherRefusal.EXPIRED: _("This voucher has expired. Please ask where you bought it."),
    VoucherRefusal.CLOSED: _("This payment can no longer be made. Your voucher was not used."),
}


class VoucherForm(forms.Form):
    """The code of a voucher."""

    voucher = forms.CharField(
        label=_("Voucher code"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "dir": "ltr"}
        ),
    )


def _payment(public_id: uuid.UUID) -> Payment:
    payment = first(Payment, "WHERE public_id = %s", [public_id])
    if payment is None:
        raise Http404
    return payment


@never_cache
def pay(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Amount, deadline, and the ways to pay. Whoever has the address may pay: paying for somebody harms nobody."""
    payment = _payment(public_id)
    now = timezone.now()
    if payment.state not in OPEN_STATES:
        return HttpResponseRedirect(payment.return_url)
    refusal = gate(request, Purpose.APPLY, payment.scope_key, now)
    policy = policy_for(payment.scope_key)
    typed = request.POST if "voucher" in request.POST else None
    form = VoucherForm(typed) if policy.vouchers else None
    context = {
        "payment": payment,
        "amount": Decimal(payment.amount_cents) / 100,
        "open": payment.is_open(now),
        "form": form,
        "refusal": refusal,
        "problem": "",
    }
    if request.method == "POST" and refusal is None and payment.is_open(now):
        if typed is not None:
            if form is not None and form.is_valid() and _voucher(request, payment, form, now):
                return HttpResponseRedirect(reverse("antibot:pay-back", args=[public_id]))
        else:
            try:
                return HttpResponseRedirect(open_checkout(payment, now))
            except GatewayAwayError as error:
                log.warning("gateway_away", extra={"error": str(error)})
                context["problem"] = _(
                    "The payment service does not answer. Nothing was paid; please try again shortly."
                )
    status = 429 if refusal is not None else 503 if context["problem"] else 200
    return render(request, "antibot/pay.html", context, status=status)


def _voucher(request: HttpRequest, payment: Payment, form: VoucherForm, now: datetime) -> bool:
    force = in_force(payment.scope_key)
    if force.shadow is not None:
        observe(force.shadow_version, "vouchers", would_refuse=not force.shadow.vouchers, now=now)
    refused = pay_with_voucher(payment.pk, form.cleaned_data["voucher"], now)
    if refused is None:
        return True
    if refused in {VoucherRefusal.UNKNOWN, VoucherRefusal.USED}:
        record_fault(request, Fault.VOUCHER_WRONG, payment.scope_key, now)
    form.add_error("voucher", VOUCHER_SENTENCES[refused])
    return False


@never_cache
def back(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Back from the gateway. Coming back proves nothing: only a signed message does, and it may still be on its way."""
    payment = _payment(public_id)
    if payment.state == PaymentState.ASKED:
        return render(request, "antibot/pay_waiting.html", {"payment": payment})
    if payment.state == PaymentState.REFUSED:
        return HttpResponseRedirect(payment.pay_url)
    return HttpResponseRedirect(payment.return_url)
