"""One-time codes: bound, few attempts, no clear text, no enumeration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from antibot import doors
from antibot.actions.check_code import check_one_time_code
from antibot.actions.send_code import contact_index, send_one_time_code
from antibot.domain.contacts import Channel, channel_of, mail_pattern, normal_contact
from antibot.domain.guessing import expected_hits, one_code, one_contact
from antibot.domain.policy import Policy
from antibot.models import OneTimeCode
from antibot.purposes import Purpose
from antibot.refusals import Reason
from mailroom.models import Letter
from mailroom.post import send_due
from tests.antibot.conftest import SCOPE, MakeRequest, last_code, new_session
from tests.antibot.racing import at_once

MAIL = "alice@example.org"


def reason(refusal: doors.Refusal | None) -> Reason | None:
    return refusal.reason if refusal else None


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize("typed", ["{a} {b}", " {a}-{b} ", "{a}.{b}\n", "{arabic}", "{persian}", "{a}\u200f{b}"])
def test_codes_are_taken_as_people_type_them(visitor: MakeRequest, typed: str) -> None:
    doors.send_code(visitor(), MAIL, "apply", SCOPE, "ar")
    code = last_code()
    text = typed.format(
        a=code[:3],
        b=code[3:],
        arabic=code.translate({48 + n: 0x660 + n for n in range(10)}),
        persian=code.translate({48 + n: 0x6F0 + n for n in range(10)}),
    )
    assert doors.check_code(visitor(), MAIL, text, "apply") is None


def test_five_wrong_codes_end_it_and_the_right_one_comes_too_late(visitor: MakeRequest) -> None:
    doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
    code = last_code()
    seen = [reason(doors.check_code(visitor(), MAIL, wrong(code), "apply")) for _ in range(6)]
    assert seen == [Reason.CODE_WRONG] * 4 + [Reason.CODE_SPENT] * 2
    assert reason(doors.check_code(visitor(), MAIL, code, "apply")) is Reason.CODE_SPENT


@pytest.mark.parametrize("junk", ["", "abc", "12345", "1234567", "12 34", "\x00" * 6, "9" * 5000])
def test_text_that_is_no_code_costs_no_attempt(visitor: MakeRequest, junk: str) -> None:
    doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
    assert reason(doors.check_code(visitor(), MAIL, junk, "apply")) is Reason.CODE_WRONG
    assert OneTimeCode.objects.get().attempts == 0


def test_a_code_is_bound_to_session_contact_and_purpose(visitor: MakeRequest) -> None:
    doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
    code = last_code()
    assert reason(doors.check_code(visitor(session=new_session()), MAIL, code, "apply")) is Reason.CODE_EXPIRED
    assert reason(doors.check_code(visitor(), "bob@example.org", code, "apply")) is Reason.CODE_EXPIRED
    assert reason(doors.check_code(visitor(), MAIL, code, "cancel")) is Reason.CODE_EXPIRED
    assert doors.check_code(visitor(), MAIL, code, "apply") is None


def test_a_code_lives_ten_minutes_and_opens_thirty(visitor: MakeRequest) -> None:
    with time_machine.travel(datetime(2030, 1, 1, 12, 0, tzinfo=UTC), tick=False) as clock:
        doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
        code = last_code()
        clock.shift(timedelta(minutes=10))
        assert reason(doors.check_code(visitor(), MAIL, code, "apply")) is Reason.CODE_EXPIRED
        doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
        assert doors.check_code(visitor(), MAIL, last_code(), "apply") is None
        clock.shift(timedelta(minutes=29, seconds=59))
        assert doors.verified_contact(visitor()) == MAIL
        clock.shift(timedelta(seconds=1))
        assert doors.verified_contact(visitor()) is None


def test_a_newer_code_replaces_the_older_one(visitor: MakeRequest) -> None:
    with time_machine.travel(datetime(2030, 1, 1, 12, 0, tzinfo=UTC), tick=False) as clock:
        doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
        first = last_code()
        clock.shift(timedelta(seconds=61))
        doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
        if first != last_code():
            assert doors.check_code(visitor(), MAIL, first, "apply") is not None
        assert doors.check_code(visitor(), MAIL, last_code(), "apply") is None


def test_cooldown_and_hourly_and_daily_limits(visitor: MakeRequest) -> None:
    with time_machine.travel(datetime(2030, 1, 1, 0, 0, tzinfo=UTC), tick=False) as clock:
        assert doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr") is None
        waiting = doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
        assert waiting is not None
        assert waiting.reason is Reason.CODE_WAIT
        assert waiting.retry_after_seconds in {60, 61}
        for _ in range(4):
            clock.shift(timedelta(seconds=61))
            assert doors.send_code(visitor(session=new_session()), MAIL, "apply", SCOPE, "fr") is None
        clock.shift(timedelta(seconds=61))
        assert reason(doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")) is Reason.CODE_LIMIT
        sent = 5
        while clock_hours(clock) < 20:
            clock.shift(timedelta(minutes=30))
            sent += doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr") is None
        assert sent == Policy().codes_per_contact_day


def clock_hours(clock: object) -> float:
    return (timezone.now() - datetime(2030, 1, 1, tzinfo=UTC)).total_seconds() / 3600


def test_an_attacker_in_another_session_does_not_start_my_cooldown(visitor: MakeRequest) -> None:
    doors.send_code(visitor(session=new_session()), MAIL, "apply", SCOPE, "fr")
    assert doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr") is None


def test_no_code_and_no_contact_is_stored_in_clear(visitor: MakeRequest) -> None:
    doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
    code = last_code()
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM antibot_onetimecode t UNION ALL SELECT l::text FROM mailroom_letter l")
        stored = " ".join(str(row[0]) for row in cursor.fetchall())
    for secret in (code, MAIL, "alice"):
        assert secret not in stored
        assert secret.encode().hex() not in stored


def test_the_letter_holds_the_code_and_its_payload_is_gone_afterwards(visitor: MakeRequest, mailoutbox: list) -> None:
    doors.send_code(visitor(), MAIL, "apply", SCOPE, "en")
    code = last_code()
    assert send_due() == 1
    assert code in mailoutbox[0].body
    assert code in mailoutbox[0].subject
    assert Letter.objects.get().payload is None


def test_the_answer_is_the_same_whether_a_contact_is_known_or_not(visitor: MakeRequest) -> None:
    doors.send_code(visitor(session=new_session()), MAIL, "apply", SCOPE, "fr")
    assert doors.send_code(visitor(), MAIL, "my", "", "fr") is None
    assert doors.send_code(visitor(session=new_session()), "nobody@example.org", "my", "", "fr") is None


@pytest.mark.parametrize(
    "bad", ["", "x", "a@b", "a@b@c.org", "a b@@c", "+12", "javascript:x@y.z\x00", "x" * 300 + "@example.org"]
)
def test_bad_contacts_are_refused(visitor: MakeRequest, bad: str) -> None:
    assert reason(doors.send_code(visitor(), bad, "apply", SCOPE, "fr")) is Reason.BAD_CONTACT


def test_numbers_are_refused_where_sms_is_off(visitor: MakeRequest) -> None:
    assert reason(doors.send_code(visitor(), "+213551234567", "apply", SCOPE, "fr")) is Reason.BAD_CONTACT


def test_another_purpose_need_not_wait(visitor: MakeRequest) -> None:
    """Whoever has just proved an address to look up a booking may cancel it at once; the same purpose waits."""
    with time_machine.travel(datetime(2030, 1, 1, 12, 0, tzinfo=UTC), tick=False):
        assert doors.send_code(visitor(), MAIL, "my", SCOPE, "fr") is None
        assert doors.send_code(visitor(), MAIL, "cancel", SCOPE, "fr") is None
        assert reason(doors.send_code(visitor(), MAIL, "my", SCOPE, "fr")) is Reason.CODE_WAIT
        assert reason(doors.send_code(visitor(), MAIL, "cancel", SCOPE, "fr")) is Reason.CODE_WAIT


def test_a_rotated_pepper_still_knows_codes_on_their_way(visitor: MakeRequest, settings: object) -> None:
    doors.send_code(visitor(), MAIL, "apply", SCOPE, "fr")
    code = last_code()
    old = settings.OTP_PEPPER  # type: ignore[attr-defined]
    with override_settings(OTP_PEPPER="new-pepper", OTP_PEPPER_FALLBACKS=[old]):
        assert doors.check_code(visitor(), MAIL, code, "apply") is None


SESSION = b"s" * 32


def _send(policy: Policy | None = None) -> str:
    send_one_time_code(
        session=SESSION,
        contact=MAIL,
        channel=Channel.MAIL,
        purpose=Purpose.APPLY,
        scope_key=SCOPE,
        language="fr",
        network=b"n" * 32,
        network_factor=1,
        policy=policy or Policy(code_cooldown_seconds=15),
        now=timezone.now(),
    )
    return last_code()


def _try(code: str) -> Reason | None:
    return reason(
        check_one_time_code(session=SESSION, contact=MAIL, code=code, purpose=Purpose.APPLY, now=timezone.now())
    )


@pytest.mark.django_db(transaction=True)
def test_a_right_code_in_parallel_counts_once() -> None:
    for _ in range(15):
        OneTimeCode.objects.all().delete()
        code = _send()
        seen = at_once(lambda _n, c=code: _try(c))
        assert seen.count(None) == 1, seen


@pytest.mark.django_db(transaction=True)
def test_control_without_the_row_lock_attempts_are_lost() -> None:
    """The attempt counter as read-modify-write without a lock: eight parallel tries leave fewer than eight."""
    _send()

    def careless(_number: int) -> None:
        row = OneTimeCode.objects.get(contact_index=contact_index(MAIL))
        attempts = row.attempts
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
        OneTimeCode.objects.filter(pk=row.pk).update(attempts=min(attempts + 1, row.attempts_allowed))

    at_once(careless)
    assert OneTimeCode.objects.get().attempts < 5


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_all_counted() -> None:
    code = _send()
    seen = at_once(lambda n: _try(f"{(int(code) + n + 1) % 1_000_000:06d}"), count=12)
    assert seen.count(Reason.CODE_WRONG) == 4
    assert seen.count(Reason.CODE_SPENT) == 8
    assert OneTimeCode.objects.get().attempts == 5


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_for_a_code_keep_to_the_limit() -> None:
    policy = Policy(codes_per_contact_hour=3)
    now = timezone.now()

    def ask(number: int) -> Reason | None:
        return reason(
            send_one_time_code(
                session=bytes([number]) * 32,
                contact=MAIL,
                channel=Channel.MAIL,
                purpose=Purpose.APPLY,
                scope_key=SCOPE,
                language="fr",
                network=b"n" * 32,
                network_factor=1,
                policy=policy,
                now=now,
            )
        )

    seen = at_once(ask)
    assert seen.count(None) == 3, seen


def test_the_probability_of_guessing() -> None:
    """The figures of docs/antibot.md."""
    policy = Policy()
    assert float(one_code(policy.code_attempts)) == 5e-6
    assert one_contact(policy, 1) == pytest.approx(7.5e-5, rel=0.01)
    assert one_contact(policy, 365) == pytest.approx(0.0270, rel=0.01)
    assert expected_hits(policy, networks=1, days=30) < 0.03
    assert expected_hits(policy, networks=5000, days=1) < 4


def _try_for(purpose: Purpose, code: str) -> None:
    check_one_time_code(session=SESSION, contact=MAIL, code=code, purpose=purpose, now=timezone.now())


@pytest.mark.django_db
@pytest.mark.parametrize("purposes", [[Purpose.APPLY], list(Purpose)], ids=["one purpose", "every purpose in turn"])
def test_guessing_as_counted_on_the_real_path(purposes: list[Purpose]) -> None:
    """Everything the limits allow in a day on one contact, with every attempt spent: as many tries as computed.

    Asking for every purpose in turn, without a pause between them, gives not one try more.
    """
    tries = 0
    policy = Policy()
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC), tick=False) as clock:
        for _ in range(24 * 4):
            for purpose in purposes:
                refused = send_one_time_code(
                    session=SESSION,
                    contact=MAIL,
                    channel=Channel.MAIL,
                    purpose=purpose,
                    scope_key=SCOPE,
                    language="fr",
                    network=b"n" * 32,
                    network_factor=1,
                    policy=policy,
                    now=timezone.now(),
                )
                if refused is None:
                    code = last_code()
                    for _attempt in range(10):
                        if OneTimeCode.objects.latest("pk").attempts < policy.code_attempts:
                            _try_for(purpose, wrong(code))
                            tries += 1
            clock.shift(timedelta(minutes=14, seconds=50))
    assert tries == policy.codes_per_contact_day * policy.code_attempts


@pytest.mark.parametrize(
    ("typed", "stored", "channel"),
    [
        (" Alice@Example.ORG ", "alice@example.org", Channel.MAIL),
        ("00 213 551 23 45 67", "+213551234567", Channel.SMS),
        ("+213-551-234-567", "+213551234567", Channel.SMS),
        ("a.b+c@gmail.com", "a.b+c@gmail.com", Channel.MAIL),
    ],
)
def test_contacts_have_one_form(typed: str, stored: str, channel: Channel) -> None:
    assert normal_contact(typed) == stored
    assert channel_of(stored) is channel


def test_invented_addresses_of_one_hand_share_a_pattern() -> None:
    assert mail_pattern("user.017+x@mail.example") == mail_pattern("user18@mail.example")
