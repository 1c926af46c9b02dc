"""The one table of what may become of a demand for payment and of money that came in."""

from enum import StrEnum
from typing import Final


class PaymentState(StrEnum):
    """A demand for payment of one subject."""

    ASKED = "asked"
    REFUSED = "refused"  # the last attempt was refused; another one may be made
    PAID = "paid"
    EXPIRED = "expired"  # its deadline passed, or its owner withdrew it
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


class ChargeState(StrEnum):
    """Money that came in once at a gateway."""

    KEPT = "kept"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


PAYMENT_TRANSITIONS: Final[dict[PaymentState, frozenset[PaymentState]]] = {
    PaymentState.ASKED: frozenset({PaymentState.REFUSED, PaymentState.PAID, PaymentState.EXPIRED}),
    PaymentState.REFUSED: frozenset({PaymentState.ASKED, PaymentState.PAID, PaymentState.EXPIRED}),
    PaymentState.PAID: frozenset({PaymentState.REFUND_DUE}),
    PaymentState.EXPIRED: frozenset(),
    PaymentState.REFUND_DUE: frozenset({PaymentState.REFUNDED}),
    PaymentState.REFUNDED: frozenset(),
}
CHARGE_TRANSITIONS: Final[dict[ChargeState, frozenset[ChargeState]]] = {
    ChargeState.KEPT: frozenset({ChargeState.REFUND_DUE}),
    ChargeState.REFUND_DUE: frozenset({ChargeState.REFUNDED}),
    ChargeState.REFUNDED: frozenset(),
}
OPEN_STATES: Final = frozenset({PaymentState.ASKED, PaymentState.REFUSED})


class RefundReason(StrEnum):
    """Why money goes back without anybody asking."""

    LATE = "late"
    TWICE = "twice"
    WRONG_AMOUNT = "wrong_amount"
    UNKNOWN = "unknown_demand"
    ASKED = "asked"


def verdict_on_money(
    state: PaymentState, *, in_time: bool, exact: bool, known: bool = True
) -> tuple[ChargeState, RefundReason | None]:
    """What becomes of money that arrives for a demand in `state`.

    `in_time`: it was paid, by the gateway's signed clock, before the deadline. `exact`: amount and currency are those
    that were asked. Money is never lost and never kept twice: what does not settle an open demand goes back.
    """
    if not known:
        return ChargeState.REFUND_DUE, RefundReason.UNKNOWN
    if not exact:
        return ChargeState.REFUND_DUE, RefundReason.WRONG_AMOUNT
    if state in {PaymentState.PAID, PaymentState.REFUND_DUE, PaymentState.REFUNDED}:
        return ChargeState.REFUND_DUE, RefundReason.TWICE
    if state is PaymentState.EXPIRED or not in_time:
        return ChargeState.REFUND_DUE, RefundReason.LATE
    return ChargeState.KEPT, None
