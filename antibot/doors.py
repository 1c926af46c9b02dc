"""The only entrance for other apps. What they book is no business of antibot: subjects and purposes are opaque here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from antibot.actions.ask_payment import TermsChangedError, ask_for_payment
from antibot.actions.check_code import check_one_time_code, code_kind
from antibot.actions.expire_payments import withdraw
from antibot.actions.object_to_case import objection_path
from antibot.actions.open_checkout import open_checkout
from antibot.actions.refund_charges import ask_refund
from antibot.actions.see import see
from antibot.actions.send_code import contact_index, send_one_time_code, too_soon
from antibot.actions.take_at_till import due_at_till, give_back_at_till, take_at_till
from antibot.challenges.forms import ChallengeForm, form_for
from antibot.domain.contacts import Channel, address_in, channel_of, normal_contact
from antibot.domain.payment_states import PaymentState
from antibot.domain.scores import Fault
from antibot.limits.faults import count_identity, record_fault
from antibot.limits.gate import gate, refused_by_block
from antibot.limits.origins import caller, factor_of
from antibot.limits.shadow import observe
from antibot.limits.tallies import Outcome, tally
from antibot.models import Payment, RadarCase, Sighting
from antibot.payments.interface import GatewayAwayError
from antibot.purposes import Purpose
from antibot.queries.events import take_waiting_events
from antibot.queries.mail_domains import is_throw_away
from antibot.queries.policies import in_force, policy_for
from antibot.queries.verified import forget_verified, verified_in
from antibot.refusals import Reason, Refusal, refuse
from antibot.sessions import session_hash
from antibot.sms.gateways import sms_gateway
from antibot.wording import explained
from vault.rows import first
from vault.text import canonical, latin_digits

__all__ = [
    "ChallengeForm",
    "Event",
    "Payment",
    "PaymentState",
    "Purpose",
    "Reason",
    "Refusal",
    "TermsChangedError",
    "address_in",
    "ask_payment",
    "case_in_words",
    "challenge_form",
    "check_code",
    "due_at_till",
    "give_back_at_till",
    "hosted_page",
    "is_prepaid",
    "may_proceed",
    "objection_path",
    "payment_of",
    "payment_state",
    "recognise",
    "refund",
    "report_identity",
    "send_code",
    "take_at_till",
    "take_events",
    "takes_vouchers",
    "verified_contact",
    "withdraw_payment",
]


@dataclass(frozen=True)
class Event:
    """Something that the owner of `subject` has to hear: paid, refused, refunded, suspected.

    `data` of a refund holds `reason` and `surplus`; surplus money (late, twice, of a wrong amount) went back without
    anything happening to the payment itself. `data` of a suspicion holds `stage` (notice, dismissed, declined, upheld),
    `case` and `objection_until`; a declined objection also its reference as `objection`, and the `answer`.
    """

    kind: str
    subject: str
    scope_key: str
    amount_cents: int
    currency: str
    data: dict[str, Any]
    at: datetime


def may_proceed(request: HttpRequest, purpose: str, scope_key: str) -> Refusal | None:
    """None where the request may go on; a refusal with its sentence and, mostly, the seconds to wait.

    Call it once per request at the top of a view. Looking at pages is not counted; posted forms are.
    """
    return gate(request, Purpose(purpose), scope_key, timezone.now())


def challenge_form(
    request: HttpRequest, scope_key: str, data: Any = None, *, purpose: str = Purpose.APPLY
) -> ChallengeForm:
    """The challenge for this session, purpose and scope, shown by `{{ form }}`.

    `is_valid()` uses it up, so validate it last. Its fields are named `captcha_…`, apart from a page's own.
    """
    return form_for(request, Purpose(purpose), scope_key, data, timezone.now())


def send_code(request: HttpRequest, contact: str, purpose: str, scope_key: str, language: str) -> Refusal | None:
    """Send six digits to a mail address or, where the policy allows it, a number (`+213…`). None: on its way.

    The answer never tells whether anybody knows the contact.
    """
    now = timezone.now()
    refused = _blocked(request, purpose, scope_key, now)
    if refused is not None:
        return refused
    force, who = in_force(scope_key), caller(request)
    policy = force.policy
    canonical_contact = _canonical_contact(contact)
    channel = channel_of(canonical_contact)
    if channel is not None and force.shadow is not None:
        asked = (session_hash(request), contact_index(canonical_contact), Purpose(purpose), who.index)
        would = too_soon(*asked, factor_of(force.shadow, who), force.shadow, now) is not None
        would = would or (channel is Channel.SMS and not force.shadow.sms)
        observe(force.shadow_version, "code asked", would_refuse=would, now=now)
    if channel is None or (channel is Channel.SMS and not (policy.sms and sms_gateway() is not None)):
        return refuse(Reason.BAD_CONTACT)
    if channel is Channel.MAIL and is_throw_away(canonical_contact.rpartition("@")[2]):
        record_fault(request, Fault.MAIL_DISPOSABLE, scope_key, now)
    refused = send_one_time_code(
        session=session_hash(request),
        contact=canonical_contact,
        channel=channel,
        purpose=Purpose(purpose),
        scope_key=scope_key,
        language=language,
        network=who.index,
        network_factor=factor_of(policy, who),
        policy=policy,
        now=now,
    )
    if refused is None:
        tally(scope_key, code_kind(canonical_contact), Outcome.ISSUED, now)
    elif refused.reason is Reason.CODE_LIMIT:
        record_fault(request, Fault.CODES_MANY, scope_key, now)
    return refused


def check_code(request: HttpRequest, contact: str, code: str, purpose: str, scope_key: str = "") -> Refusal | None:
    """None where the code is right; it is used up then, and `verified_contact` answers for the purpose's time."""
    now = timezone.now()
    held = _blocked(request, purpose, scope_key, now)
    if held is not None:
        return held
    forget_verified(request)
    refused = check_one_time_code(
        session=session_hash(request),
        contact=_canonical_contact(contact),
        code=canonical(code[:100]),
        purpose=Purpose(purpose),
        now=now,
    )
    if refused is None:
        # Whoever planted or copied this session before does not share what was proved in it now.
        request.session.cycle_key()
    elif refused.reason in {Reason.CODE_WRONG, Reason.CODE_SPENT}:
        record_fault(request, Fault.CODE_WRONG, scope_key, now)
    return refused


def _blocked(request: HttpRequest, purpose: str, scope_key: str, now: datetime) -> Refusal | None:
    """Who guesses codes waits like anybody who fails, or `domain.guessing` would be wrong.

    Not for cancelling: that page opens only to whoever has proved the address already, so there is nothing to guess.
    """
    return None if Purpose(purpose) is Purpose.CANCEL else refused_by_block(request, scope_key, now)


def recognise(request: HttpRequest) -> None:
    """Give the session its token, where it has none: early, so that it is written together with what else is new."""
    session_hash(request)


def verified_contact(request: HttpRequest, purpose: str = Purpose.APPLY) -> str | None:
    """The contact that this session has proved for `purpose` and may still use; None otherwise."""
    return verified_in(request, Purpose(purpose), timezone.now())


def _canonical_contact(contact: str) -> str:
    return normal_contact(latin_digits(canonical(contact[:300])))


def ask_payment(  # noqa: PLR0917 - the contract with the app above
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
    """Ask for a payment, once per subject; send the person to `payment.pay_url`.

    `return_url` is a path on this site. Raises TermsChangedError where the subject was asked for another amount before.
    """
    return ask_for_payment(
        subject=subject,
        scope_key=scope_key,
        amount_cents=amount_cents,
        currency=currency,
        description=description,
        language=language,
        return_url=return_url,
        deadline=deadline,
        now=now,
    )


def is_prepaid(scope_key: str) -> bool:
    """Whether the policy asks for the service fee in advance."""
    return policy_for(scope_key).prepayment


def payment_of(subject: str) -> Payment | None:
    """The payment of a subject, for its `pay_url` and amounts."""
    return first(Payment, "WHERE subject = %s", [subject])


def payment_state(subject: str) -> PaymentState | None:
    """Where the payment of a subject stands; None where none was asked for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM antibot_payment WHERE subject = %s", [subject])
        row = cursor.fetchone()
    return None if row is None else PaymentState(row[0])


def takes_vouchers(scope_key: str) -> bool:
    """Whether a payment of this scope may be made with a voucher, on the page at `payment.pay_url`."""
    return policy_for(scope_key).vouchers


def hosted_page(request: HttpRequest, payment: Payment, now: datetime) -> str | None:
    """The address of the gateway's own page for a payment that was just asked for, while it is open.

    None where somebody has to read something first: the gateway is away, the last card was refused, the caller is held
    back. `payment.pay_url` says it.
    """
    if payment.state != PaymentState.ASKED or not payment.is_open(now):
        return None
    if gate(request, Purpose.APPLY, payment.scope_key, now) is not None:
        return None
    try:
        return open_checkout(payment, now)
    except GatewayAwayError:
        return None


def withdraw_payment(subject: str) -> PaymentState | None:
    """End an open demand (its owner lets the subject go) and say where it stands, locked for the caller's transaction.

    PAID means that money was faster: keep the subject, or call `refund`.
    """
    return withdraw(subject)


def refund(subject: str, reason: str, now: datetime) -> None:
    """Send the money of a subject back; an open demand ends instead. Repetitions change nothing."""
    ask_refund(subject, reason, now)


def take_events(limit: int, now: datetime) -> list[Event]:
    """Up to `limit` waiting events, oldest first, marked as taken within the caller's transaction.

    Of each subject only its oldest one comes; call again for the next.
    """
    return [
        Event(row.kind, row.subject, row.scope_key, row.amount_cents, row.currency, row.data, row.created_at)
        for row in take_waiting_events(limit, now)
    ]


def report_identity(request: HttpRequest, scope_key: str, identity_index: bytes, subject: str = "") -> None:
    """Tell that this request was made for an identity (opaque bytes).

    Call it when the person is entered, and again with `subject` once it is known what it became: the same subject that
    payments and events use, so that a suspicion can name it. Limits and the radar count distinct identities.
    """
    now, force = timezone.now(), in_force(scope_key)
    if subject and force.shadow is not None:
        observe(force.shadow_version, "prepayment", would_refuse=force.shadow.prepayment, now=now)
    count_identity(request, scope_key, identity_index, now)
    see(request, scope_key, identity_index, subject, now)


def identity_renamed(old: bytes, new: bytes) -> None:
    """An identity has another index from now on, because the key of the indexes changed."""
    Sighting.objects.filter(identity_index=old).update(identity_index=new)


def case_in_words(case: str) -> tuple[list[str], str]:
    """What was seen in a case, a sentence each in the reader's language, and the reason that staff gave, or ""."""
    row = RadarCase.objects.filter(reference=case).only("explanation", "reason").first()
    return ([], "") if row is None else ([sentence for sentence, _points in explained(row.explanation)], row.reason)
