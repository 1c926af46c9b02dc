"""Staff accounts that nobody uses: a notice, then nothing is left of the person."""

import threading
import time
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.db import InternalError, connection, transaction
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils import timezone

from accounts.models import PostScope, Role, SignIn, User
from accounts.unused import sweep_unused
from antibot.actions.publish_policy import publish_policy
from appointments.models import ReleasePolicy, Service, ServiceTerms
from appointments.releases.policies import FIELDS, save_policy
from appointments.terms.versions import save_terms, values_of
from archives.erasure.run import run_erasure
from mailroom.models import Letter
from mailroom.post import send_due
from tests.accounts.people import PASSWORD, device_of, make_staff, signed_in
from tests.cast import make_scene

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
    assert (user.username, user.first_name, user.email, user.is_active) == (f"closed:{user.pk}", "", "", False)
    assert not client.login(username="omar", password=PASSWORD)
    assert not PostScope.objects.exists()
    assert not SignIn.objects.exists()
    history = apps.get_model("accounts", "UserEvent")._default_manager.filter(pgh_obj_id=user.pk)
    assert history.count() >= 2
    assert {(row.username, row.email) for row in history} == {(user.username, "")}


def close(user: User) -> str:
    """Tell them and close the account; the name it has then."""
    User.objects.filter(pk=user.pk).update(last_login=timezone.now() - timedelta(days=340))
    run_erasure(timezone.now())
    send_due()
    run_erasure(timezone.now() + timedelta(days=27))
    user.refresh_from_db()
    assert not user.is_active
    return user.username


def versions_by(user: User) -> Service:
    """A version of each kind of rules, decided by this person."""
    service, now = make_scene().drawn, timezone.now()
    policy, terms = service.policies.latest(), service.terms.latest()
    who = {"author": user.username, "reason": "Ramadan hours.", "now": now}
    save_policy(service, model_to_dict(policy, FIELDS), based_on=policy.version, **who)
    save_terms(service, values_of(terms), based_on=terms.version, **who)
    publish_policy(scope_key="dz-alg", values={}, author=user, reason="Calm.", shadow=False, now=now)
    return service


def test_versions_of_rules_name_the_closed_account_and_nothing_else_of_them_changes():
    user, other = make_staff(Role.HEAD, "dz-alg", name="hakim"), make_staff(Role.CENTRE, name="samia")
    service = versions_by(user)
    before = [list(model.objects.order_by("pk").values()) for model in (ReleasePolicy, ServiceTerms)]
    name = close(user)
    after = [list(model.objects.order_by("pk").values()) for model in (ReleasePolicy, ServiceTerms)]
    assert name == f"closed:{user.pk}"
    said = [[row | {"author": name} if row["author"] == "hakim" else row for row in rows] for rows in before]
    assert after == said
    assert sum(row["author"] == name for rows in after for row in rows) == 2
    client = signed_in(other)
    for page in ("admin:policy", "admin:terms"):
        text = client.get(reverse(page, args=["dz-alg", service.slug])).content.decode()
        assert name in text
        assert "hakim" not in text
    text = client.get(reverse("admin:antibot_policyversion_changelist")).content.decode()
    assert name in text
    assert "hakim" not in text


def test_a_name_that_somebody_had_before_goes_too_unless_it_is_somebody_else_s_now():
    user = make_staff(Role.HEAD, "dz-alg", name="hakim")
    service = versions_by(user)
    User.objects.filter(pk=user.pk).update(username="hakim.b")
    User.objects.filter(pk=user.pk).update(username="h.benali")
    make_staff(Role.HEAD, "dz-alg", name="hakim.b")
    policy = service.policies.latest()
    save_policy(
        service, model_to_dict(policy, FIELDS), author="hakim.b", reason="x", based_on=policy.version,
        now=timezone.now(),
    )  # fmt: skip
    name = close(user)
    assert list(service.policies.order_by("-version").values_list("author", flat=True)[:2]) == ["hakim.b", name]


def test_afterwards_versions_are_as_unchangeable_as_before():
    user = make_staff(Role.HEAD, "dz-alg", name="hakim")
    service = versions_by(user)
    close(user)
    for rows in (service.policies, service.terms):
        with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
            rows.update(author="somebody")


@pytest.mark.parametrize("name", ["closed:7", "closed:"])
def test_nobody_can_be_called_like_a_closed_account(name):
    client = signed_in(make_staff(Role.CENTRE))
    fields = {"email": "x@example.org", "language": "fr", "role": "officer", "password1": PASSWORD}
    fields |= {"password2": PASSWORD, "usable_password": "true", "post_scopes-TOTAL_FORMS": "0"}
    fields["post_scopes-INITIAL_FORMS"] = "0"
    add = reverse("admin:accounts_user_add")
    assert client.post(add, fields | {"username": name}).status_code == 200
    assert not User.objects.filter(username=name).exists()
    assert client.post(add, fields | {"username": "closed"}).status_code == 302  # the control


def test_an_account_that_is_called_closed_by_hand_neither_stands_in_the_way_nor_is_passed_over():
    user = unused_for(340)
    by_hand = unused_for(340, f"closed-{user.pk}")
    run_erasure(timezone.now())
    assert len(told()) == 2
    run_erasure(timezone.now() + timedelta(days=27))
    names = User.objects.filter(pk__in=[user.pk, by_hand.pk]).values_list("username", flat=True)
    assert set(names) == {f"closed:{user.pk}", f"closed:{by_hand.pk}"}


def test_what_earlier_code_closed_is_not_closed_again():
    user = unused_for(700)
    User.objects.filter(pk=user.pk).update(username=f"closed-{user.pk}", email="", is_active=False)
    run_erasure(timezone.now())
    assert told() == []
    assert not Letter.objects.exists()


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
