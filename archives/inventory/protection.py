"""Protection against capture, codes, payments."""

# ruff: noqa: E501 - a row of the table is a line

from django.utils.translation import gettext_lazy as _

from archives.inventory import clocks
from archives.inventory.registry import nobody, person

_GUARD = _("To keep appointments out of the hands of those who sell them.")
_TASK = "Regulation (EU) 2016/679 art. 6(1)(e)"
_MONEY = _("To take the service fee, to pay it back, and to keep the accounts.")
_ACCOUNTS = "Code de commerce L. 123-22"

TABLES = (
    person(
        "antibot.OneTimeCode", "session_hash contact contact_index network_index code_hash sms",
        "id purpose scope_key attempts attempts_allowed created_at expires_at used_at opened_until",
        _("Code sent to your address or telephone (only its fingerprint is kept)"),
        _("To check that an address is yours."), _TASK, clocks.CODE,
    ),
    person(
        "antibot.NetworkBlock", "network network_index",
        "id scope_key post_key reason points starts_at ends_at lifted_at lifted_by",
        _("Network addresses that are blocked for a while"), _GUARD, _TASK, clocks.NETWORK,
    ),
    person(
        "antibot.Appeal", "network contact contact_index text answer language subject",
        "id reference block case post_key state decided_by decided_at created_at",
        _("Objection to a block or a suspicion"), _("To answer you."), _TASK, clocks.APPEAL,
    ),
    person(
        "antibot.Sighting", "subject identity_index session_hash network network_index contact_index pattern_index",
        "id at scope_key post_key shared",
        _("Traces of requests: network address, and indexes of passport and address that cannot be read"),
        _GUARD, _TASK, clocks.SIGHTING,
    ),
    person(
        "antibot.Act", "network_key session_hash",
        "id at scope_key post_key own_points range_points network_acts session_acts shared hosting",
        _("That a form was sent, with indexes of network and session that cannot be read; not what was in it"),
        _("To see what another rule would mean for people before it is switched on."), _TASK, clocks.ACT,
    ),
    person(
        "antibot.RadarCase", "fingerprint explanation subjects identities",
        "id reference post_key score state reason first_seen last_seen opened_at notified_at decided_at decided_by",
        _("Suspicion that requests belong to a trade, for a member of staff to decide"), _GUARD, _TASK, clocks.CASE,
    ),
    person(
        "antibot.OutboxEvent", "subject data", "id kind scope_key amount_cents currency created_at consumed_at",
        _("News about a booking, by its reference"), _MONEY, _TASK, clocks.EVENT,
    ),
    person(
        "antibot.Payment", "subject",
        "id public_id scope_key post_key amount_cents currency description language return_url deadline state"
        " refund_reason asked_at paid_at refunded_at",
        _("Payment: amount, date, reference of the booking"), _MONEY, _ACCOUNTS, clocks.ACCOUNTS,
    ),
    person(
        "antibot.Charge", "instrument_index reference",
        "id payment gateway amount_cents currency state refund_reason refund_reference refund_attempts refund_not_before"
        " received_at refunded_at",
        _("Payment: reference of the bank, index of the card that cannot be read"), _MONEY, _ACCOUNTS, clocks.ACCOUNTS,
    ),
    person(
        "antibot.PaymentEvent", "charge_reference",
        "id payment gateway event_id kind amount_cents currency outcome occurred_at received_at",
        _("Messages of the bank about a payment"), _MONEY, _ACCOUNTS, clocks.ACCOUNTS,
    ),
    person(
        "antibot.SandboxOrder", "merchant_reference", "id reference amount_cents currency description language return_url created_at",
        _("Pretended payments"), _MONEY, _TASK, clocks.SANDBOX,
    ),
    person(
        "antibot.SandboxNotice", "body", "id order event_id not_before delivered_at attempts",
        _("Pretended payments"), _MONEY, _TASK, clocks.SANDBOX,
    ),
    person("captcha.CaptchaStore", "hashkey", "id challenge response expiration", _("Picture to be read, tied to your session"), _GUARD, _TASK, clocks.CAPTCHA),
    person(
        "mailroom.Letter", "payload subject_key dedupe message_id",
        "id kind state attempts not_before last_error created_at finished_at",
        _("Letters to you that wait to be sent"), _("To write to you."), _TASK, clocks.LETTER,
    ),
    person("sessions.Session", "session_key session_data", "expire_date", _("Your session: language, verified address"), _("So that the site knows you from one page to the next."), _TASK, clocks.SESSION),
    nobody("antibot.DisposableDomain", "id domain note"),
    nobody("vault.KeyMark", "name fingerprint position rows done_at"),
    nobody("antibot.NetworkRange", "id network kind note created_at"),
    nobody("antibot.Checkout", "id payment gateway reference url created_at expires_at closed_at"),
    person(
        "antibot.PolicyVersion", "author", "id scope_key post_key version values shadow reason created_at",
        _("Which member of staff decided a version of the rules"),
        _("So that whoever decides rules answers for them."), _TASK, clocks.STAFF,
    ),
    nobody("antibot.ShadowTally", "id policy day rule checked would_refuse"),
    nobody("antibot.GuardTally", "id span first_day post_key kind outcome number"),
    nobody("antibot.VoucherBatch", "id label post_key amount_cents currency valid_until imported_by imported_at"),
    nobody("antibot.Voucher", "id batch code_hash payment uses used_at"),
)  # fmt: skip
