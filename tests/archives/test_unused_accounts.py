"""Staff accounts that nobody uses: a notice, then nothing is left of the person."""

import threading
import time
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import PostScope, Role, SignIn, User
from accounts.unused import sweep_unused
from archives.erasure.run import run_erasure
from mailroom.models import Letter
from mailroom.post import send_due
from tests.accounts.people import PASSWORD, device_of, make_staff

pytestmark = pytest.mark.django_db


def unused_for(days: int, name: str = "omar") -> User:
    user = make_staff(Role.OFFICER, "dz-alg", name=name)
    device_of(user)
    User.objects.filter(pk=user.pk).update(last_login=timezone.now() - timedelta(days=days), first_name="Omar")
    return user


def told() -> list[str]:
    send_due()
    return [
        str(message.body) for message in mail.outbox if "eleven months" in message.body or "onze mois" in message.body
    ]


def test_a_notice_first_and_nothing_else():
    user = unused_for(340)
    unused_for(300, "amina")
    run_erasure(timezone.now())
    run_erasure(timezone.now())
    assert len(told()) == 1
    assert "omar" in told()[0]
    user.refresh_from_db()
    assert user.is_active


def test_after_the_year_the_person_goes_from_the_account_and_its_history(client):
    user = unused_for(340)
    run_erasure(timezone.now())
    assert told()
    run_erasure(timezone.now() + timedelta(days=24))
    user.refresh_from_db()
    assert user.is_active
    run_erasure(timezone.now() + timedelta(days=27))
    user.refresh_from_db()
    assert (user.username, user.first_name, user.email, user.is_active) == (f"closed-{user.pk}", "", "", False)
    assert not client.login(username="omar", password=PASSWORD)
    assert not PostScope.objects.exists()
    assert not SignIn.objects.exists()
    history = apps.get_model("accounts", "UserEvent")._default_manager.filter(pgh_obj_id=user.pk)
    assert history.count() >= 2
    assert {(row.username, row.email) for row in history} == {(user.username, "")}


def test_the_last_who_can_open_accounts_keeps_theirs():
    centre = make_staff(Role.CENTRE, name="samia")
    other = make_staff(Role.CENTRE, name="yacine")
    User.objects.update(last_login=timezone.now() - timedelta(days=340))
    run_erasure(timezone.now())
    send_due()
    run_erasure(timezone.now() + timedelta(days=27))
    open_still = User.objects.filter(pk__in=[centre.pk, other.pk], is_active=True)
    assert open_still.count() == 1


def test_whoever_signs_in_stays():
    user = unused_for(340)
    run_erasure(timezone.now())
    assert told()
    User.objects.filter(pk=user.pk).update(last_login=timezone.now())
    run_erasure(timezone.now() + timedelta(days=60))
    user.refresh_from_db()
    assert (user.username, user.is_active) == ("omar", True)


def test_nobody_is_closed_who_was_not_told_in_time():
    """Away for a year, then back: the notice goes out, and two weeks are left after it."""
    user = unused_for(700)
    run_erasure(timezone.now())
    user.refresh_from_db()
    assert user.is_active
    assert told()
    run_erasure(timezone.now() + timedelta(days=13))
    user.refresh_from_db()
    assert user.is_active
    run_erasure(timezone.now() + timedelta(days=15))
    user.refresh_from_db()
    assert not user.is_active


def test_nobody_is_closed_whose_notice_could_not_be_sent():
    """A mail server that takes nothing for a night: the letter is given up, so another one goes out a month later."""
    user = unused_for(700)
    run_erasure(timezone.now())
    Letter.objects.update(state=Letter.State.FAILED, payload=None, finished_at=timezone.now())
    run_erasure(timezone.now() + timedelta(days=15))
    user.refresh_from_db()
    assert user.is_active
    run_erasure(timezone.now() + timedelta(days=31))
    run_erasure(timezone.now() + timedelta(days=32))
    assert told()


@pytest.mark.django_db(transaction=True)
def test_whoever_signs_in_while_accounts_are_closed_stays():
    user = unused_for(700)
    run_erasure(timezone.now())
    assert told()
    night = threading.Thread(target=closing, args=(timezone.now() + timedelta(days=15),))
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
        night.start()
        waits_for_a_lock()
    night.join(timeout=20)
    user.refresh_from_db()
    assert (user.username, user.is_active) == ("omar", True)


def closing(now: datetime) -> None:
    sweep_unused(now, 100)
    connection.close()


def waits_for_a_lock() -> None:
    """Until somebody else waits for what this transaction holds."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")
