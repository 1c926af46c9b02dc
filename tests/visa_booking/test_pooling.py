"""A pooler gives a connection to somebody else after each transaction: nothing may stay on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from antibot.models import OneTimeCode
from appointments.calendar.horizon import keep_horizon
from appointments.models import Booking
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, BOB, BOB_MAIL, make_scene, open_slots

# What lasts longer than a transaction, or cannot begin in one.
STAYS = re.compile(
    r"""\bpg_(try_)?advisory_lock\b | \bSET\s+(SESSION\b|TIME\s+ZONE\b|ROLE\b|search_path\b|statement_timeout\b)
      | \bset_config\s*\([^()]*(\([^()]*\)[^()]*)*,\s*false\s*\) | \b(UN)?LISTEN\s+\w | ^\s*PREPARE\s+\w+\s+AS\b
      | \bWITH\s+HOLD\b
      | \bDECLARE\s+\S+\s+((NO\s+)?SCROLL\s+)?CURSOR\b
      | \bCREATE\s+(LOCAL\s+)?TEMP(ORARY)?\s+TABLE\b(?!.*\bON\s+COMMIT\s+DROP\b)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
APPS = ("accounts", "antibot", "appointments", "archives", "mailroom", "vault", "visa_booking")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Everything that is sent to the databases meanwhile."""
    sent: list[str] = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(keep), connections["vault_keys"].execute_wrapper(keep):
        yield sent


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock(1, 2)",
        "SET SESSION statement_timeout = 5",
        "set time zone 'Europe/Paris'",
        "SELECT set_config('a.b', 'c', false)",
        "LISTEN letters",
        "PREPARE one AS SELECT 1",
        "DECLARE x CURSOR WITH HOLD FOR SELECT 1",
        'DECLARE "_django_curs_1" NO SCROLL CURSOR FOR SELECT 1',
        "CREATE TEMPORARY TABLE x (a int)",
    ],
)
def test_control_what_would_stay_is_found(sql: str) -> None:
    assert STAYS.search(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT set_config('a.b', 'on', true)",
        "SET LOCAL statement_timeout = 5",
        "UPDATE x SET session_data = 'a'",
        "CREATE TEMPORARY TABLE x (a int) ON COMMIT DROP",
    ],
)
def test_control_what_ends_with_its_transaction_is_not(sql: str) -> None:
    assert not STAYS.search(sql)


def test_booking_paying_cancelling_and_making_slots_leave_nothing_on_a_connection(db: None) -> None:
    scene = make_scene()
    slots = open_slots(scene.first_come, 1)
    alice, bob = Visitor(ALICE_MAIL), Visitor(BOB_MAIL)
    with statements() as sent:
        held = alice.hold(scene.first_come, slots[0].pk, ALICE)
        page = f"/my/{held.reference}/"
        hosted = alice.post(alice.post(f"{page}pay/")["Location"], how="card")["Location"]
        alice.post(hosted, act="pay")
        alice.bank_tells()
        alice.client.get(f"{page}paid/", follow=True)
        OneTimeCode.objects.update(created_at=timezone.now() - timedelta(minutes=2))
        alice.post(f"{page}cancel/")
        alice.post(f"{page}cancel/", code=alice.code())
        bob.ask(scene.drawn, BOB)
        keep_horizon(scene.post, timezone.now())
    assert Booking.objects.get(request=held).state == Booking.State.CANCELLED
    assert len(sent) > 150
    assert not [sql[:200] for sql in sent if STAYS.search(sql)]


def test_no_statement_in_the_code_leaves_anything_on_a_connection() -> None:
    """Also where no journey leads: temporary tables are looked at statement by statement."""
    found, read = [], 0
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            read += 1
            for text in re.split(r";|\"\"\"", path.read_text()):
                hit = STAYS.search(text) if "migrations" not in path.parts else None
                if hit and text[hit.start() - 1 : hit.start()] not in {"`", "#"}:
                    found.append(f"{path.relative_to(settings.BASE_DIR)}: {hit.group(0)[:60]}")
    assert read > 300
    assert not found


def test_cursors_of_the_server_are_not_used() -> None:
    assert all(entry["DISABLE_SERVER_SIDE_CURSORS"] for entry in settings.DATABASES.values())
