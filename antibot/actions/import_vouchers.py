"""Take over vouchers that are sold at a counter: their hashes, never their codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db import transaction

from antibot.actions.pay_voucher import voucher_indexes
from antibot.models import Voucher, VoucherBatch

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST = re.compile(r"[0-9a-f]{64}")


class BadVoucherListError(ValueError):
    """A list with a line that is no SHA-256, or with a voucher that is known already."""


def digests_in(text: str) -> list[str]:
    """The hashes of a list, one a line. Raises BadVoucherListError with the number of the first bad line."""
    found: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.strip().lower()
        if not word:
            continue
        if not _DIGEST.fullmatch(word):
            raise BadVoucherListError(str(number))
        found.append(word)
    if not found or len(set(found)) != len(found):
        raise BadVoucherListError("empty or repeated")
    return found


@transaction.atomic
def import_vouchers(batch: VoucherBatch, digests: Iterable[str]) -> int:
    """Add vouchers to a batch, all or none. Raises BadVoucherListError where one is known already."""
    indexes = [voucher_indexes(digest) for digest in digests]
    if Voucher.objects.filter(code_hash__in=[one for each in indexes for one in each]).exists():
        raise BadVoucherListError("known")
    Voucher.objects.bulk_create(
        [Voucher(batch=batch, code_hash=index) for index, *_earlier in indexes], batch_size=2000
    )
    return len(indexes)
