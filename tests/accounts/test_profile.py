"""One's own account: language of pages and letters, sessions elsewhere."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, SignIn, User
from appointments.watch import tasks
from mailroom.models import Letter
from mailroom.post import enqueue
from mailroom.renderers import render
from tests.accounts.people import PASSWORD, code_now, device_of, make_staff, signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/profile/"
WORDS = {"fr": "Semaine du", "ar": "الأسبوع من", "en": "Week from"}


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_pages_and_letters_are_in_the_language_of_their_reader(language: str) -> None:
    head = make_staff(Role.HEAD, "dz-alg")
    client = signed_in(head)
    assert client.post(PAGE, {"language": language}).status_code == 302
    assert f'lang="{language}"' in client.get(reverse("admin:figures")).content.decode()
    tasks.weekly(timezone.now())
    enqueue("staff_second_factor", str(head.pk), payload={"what": "recovery"})
    for letter in Letter.objects.all():
        envelope = render(letter.kind, letter.subject_key, letter.payload)
        assert envelope is not None
        assert envelope.language == language
    report = Letter.objects.get(kind="weekly_report")
    envelope = render(report.kind, report.subject_key, report.payload)
    assert envelope is not None
    assert WORDS[language] in envelope.text


def test_a_new_computer_speaks_the_language_of_the_account(client: Client) -> None:
    user = make_staff(Role.OFFICER, "dz-alg")
    User.objects.filter(pk=user.pk).update(language="ar")
    device = device_of(user)
    client.post("/admin/login/", {"username": "omar", "password": PASSWORD, "next": "/admin/"})
    client.post("/admin/two-factor/", {"token": code_now(device)})
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "ar"
    assert 'dir="rtl"' in client.get("/admin/").content.decode()


@pytest.mark.parametrize("junk", ["", "xx", "de"])
def test_other_languages_change_nothing(junk: str) -> None:
    user = make_staff(Role.OFFICER, "dz-alg")
    assert signed_in(user).post(PAGE, {"language": junk}).status_code == 200
    user.refresh_from_db()
    assert user.language == "fr"


def test_sessions_elsewhere_end_and_this_one_stays() -> None:
    user, other = make_staff(Role.OFFICER, "dz-alg"), make_staff(Role.HEAD, "dz-alg")
    here, there, stranger = signed_in(user), signed_in(user), signed_in(other)
    assert here.post(PAGE, {"end": "1"}).status_code == 302
    assert [client.get("/admin/").status_code for client in (here, there, stranger)] == [200, 302, 200]
    assert SignIn.objects.filter(ended_why=SignIn.Ended.REVOKED).count() == 1


def test_nobody_gives_themselves_a_role_here() -> None:
    user = make_staff(Role.AGENT, "dz-alg")
    signed_in(user).post(PAGE, {"language": "en", "role": "centre", "is_superuser": "on", "email": "x@example.org"})
    user.refresh_from_db()
    assert (user.role, user.language, user.is_superuser) == ("agent", "en", False)
    assert user.email != "x@example.org"
