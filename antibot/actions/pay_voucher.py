"""Pay with a voucher bought at a counter."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from antibot.actions.receive_notice import receive_notice
from antibot.models import Payment, Voucher
from antibot.payments.interface import Notice, NoticeKind
from vault.index import blind_indexes
from vault.text import canonical, latin_digits

LENGTH = 16  # Crockford base 32: 80 bits, so a plain hash of the code cannot be turned round


class VoucherRefusal(StrEnum):
    """Why a voucher does not pay."""

    UNKNOWN = "unknown"
    USED = "used"
    WRONG_VALUE = "wrong_value"
    EXPIRED = "expired"
    CLOSED = "closed"


def normal_voucher(text: str) -> str | None:
    """A voucher code in one form: capitals, no separators, O as 0, I and L as 1. None where it cannot be one."""
    code = re.sub(r"[\s.\-–_]", "", latin_digits(canonical(text[:100]))).upper().translate(str.maketrans("OIL", "011"))
    return code if re.fullmatch(rf"[0-9A-HJKMNP-TV-Z]{{{LENGTH}}}", code) else None


def voucher_digest(code: str) -> str:
    """What the seller hands over instead of the code: SHA-256 in hexadecimal of its normal form."""
    return hashlib.sha256(code.encode()).hexdigest()


def voucher_indexes(digest: str) -> list[bytes]:
    """How a voucher is stored: under our own key, so that a copied table cannot be matched with a seller's list.

    The first is that of the present key. Nobody here knows the code, so vouchers of an earlier key stay under it.
    """
    return blind_indexes("antibot.voucher", digest.lower())


@transaction.atomic
def pay_with_voucher(payment_pk: int, typed: str, now: datetime) -> VoucherRefusal | None:
    """Pay a demand with a voucher of exactly its value. None: paid. Payment and voucher are locked, in this order."""
    payment = Payment.objects.select_for_update().get(pk=payment_pk)
    if not payment.is_open(now):
        return VoucherRefusal.CLOSED
    code = normal_voucher(typed)
    voucher = (
        None
        if code is None
        else Voucher.objects.select_for_update(of=("self",))
        .select_related("batch")
        .filter(code_hash__in=voucher_indexes(voucher_digest(code)))
        .first()
    )
    if voucher is None or voucher.batch.post_key not in {"", payment.post_key}:
        return VoucherRefusal.UNKNOWN
    if voucher.payment_id is not None:
        return VoucherRefusal.USED
    if voucher.batch.valid_until < now.date():
        return VoucherRefusal.EXPIRED
    if (voucher.batch.amount_cents, voucher.batch.currency) != (payment.amount_cents, payment.currency):
        return VoucherRefusal.WRONG_VALUE
    voucher.uses += 1
    voucher.payment, voucher.used_at = payment, now
    voucher.save(update_fields=["uses", "payment", "used_at"])
    reference = f"{voucher.pk}-{voucher.uses}"
    receive_notice(
        "voucher",
        Notice(
            event_id=f"voucher-{reference}",
            kind=NoticeKind.PAID,
            occurred_at=now,
            payment_reference=str(payment.public_id),
            charge_reference=reference,
            amount_cents=payment.amount_cents,
            currency=payment.currency,
        ),
        now,
    )
    return None
