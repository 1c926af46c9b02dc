"""Ask for money, once per subject."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost

from antibot.domain.policy import post_of
from antibot.models import Payment
from vault.rows import find, insert_unless_there


class TermsChangedError(ValueError):
    """The subject was asked for another amount or currency before."""


def local_path(url: str) -> str:
    """A return address as a path on this site. Raises DisallowedHost: people are never sent to another site."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not url.startswith("/") or url.startswith("//") or "\\" in url:
        raise DisallowedHost("The return address has to be a path on this site.")
    return url


def ask_for_payment(
    *,
    subject: str,
    scope_key: str,
    amount_cents: int,
    currency: str,
    description: str,
    language: str,
    return_url: str,
    deadline: datetime,
    now: datetime,
) -> Payment:
    """The payment of `subject`, made at the first call. Raises TermsChangedError where amount or currency differ."""
    if amount_cents <= 0 or deadline <= now:
        raise ValueError("A payment needs an amount and a deadline to come.")
    payment = Payment(
        subject=subject,
        scope_key=scope_key,
        post_key=post_of(scope_key),
        amount_cents=amount_cents,
        currency=currency,
        description=description[:200],
        language=language,
        return_url=local_path(return_url),
        deadline=deadline,
        asked_at=now,
    )
    if not insert_unless_there(payment):  # most people ask once
        payment = find(Payment, "WHERE subject = %s", [subject])[0]
    if (payment.amount_cents, payment.currency) != (amount_cents, currency):
        raise TermsChangedError(subject)
    return payment
