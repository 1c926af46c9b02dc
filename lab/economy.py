"""What attackers earn and spend, in euros."""

from __future__ import annotations

from antibot.domain.payment_states import PaymentState
from antibot.models import Payment
from appointments.models import Booking
from lab.attackers.base import Attacker, Target
from lab.figures import Books
from lab.ledger import Account
from lab.scenario import Prices


def books_of(attacker: Attacker, prices: Prices, useful: set[str]) -> Books:
    """Revenue, cost and profit. Customers pay for an appointment they are let in with; they pay the fee themselves."""
    account = attacker.account
    sold = [t for t in attacker.targets if _sold(t, useful)]
    names = [t for t in attacker.targets if not t.invented and t.reference in useful]
    lost = {t.reference: fee for t in attacker.invented if (fee := fee_lost(t))}
    # Customers pay their own fees; those of invented people stay with the attacker, unless they came back.
    account.fees_cents = sum(lost.values())
    revenue = prices.appointment * (len(sold) + len(names))
    cost = account.cost(prices)
    return Books(
        name=attacker.numbers.name,
        strategy=attacker.numbers.strategy,
        customers=len(attacker.clients),
        served=len(sold) + len(names),
        revenue=round(revenue, 2),
        cost=round(cost, 2),
        profit=round(revenue - cost, 2),
        requests=account.requests,
        blocked=account.counts["blocked"],
        held_back=account.counts["held_back"],
        fees_lost=sum(lost.values()) / 100,
        counts=dict(account.counts),
        invented_profits=_per_invented(attacker, prices, useful, lost, account),
    )


def _sold(target: Target, useful: set[str]) -> bool:
    return target.invented and target.sold_to is not None and target.reference in useful


def fee_lost(target: Target) -> int:
    """Cents that an invented person's booking cost and that did not come back."""
    if not target.paid:
        return 0
    booking = Booking.objects.filter(request__reference=target.reference).first()
    payment = booking and Payment.objects.filter(subject=booking.subject).first()
    if payment is None or payment.state in {PaymentState.REFUNDED, PaymentState.REFUND_DUE, PaymentState.EXPIRED}:
        return 0
    return int(payment.amount_cents)


def _per_invented(
    attacker: Attacker, prices: Prices, useful: set[str], lost: dict[str, int], account: Account
) -> list[float]:
    """Profit of each invented person: what was sold in that name, less what the name and its way in cost.

    Addresses, pictures and traffic are shared out evenly over everybody the attacker enters. What a place that was
    given back brings the attacker's customers in the draws is measured apart (`lab.results`), for all of them together.
    """
    entered = max(1, len(attacker.targets))
    common = account.cost(prices) - account.fees_cents / 100
    common -= account.counts["invented"] * prices.invented_person + account.counts["payments"] * prices.card_payment
    found = []
    for target in attacker.invented:
        value = prices.appointment * _sold(target, useful) - lost.get(target.reference, 0) / 100
        value -= common / entered + prices.invented_person + prices.card_payment * target.paid
        found.append(round(value, 4))
    return found
