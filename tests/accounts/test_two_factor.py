"""Signing in: password, authenticator, recovery codes, and showing the second factor again."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import presence
from accounts.models import Authenticator, Role, SignIn
from mailroom.models import Letter
from tests.accounts.people import PASSWORD, code_now, device_of, make_staff, signed_in

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


def password(client: Client, name: str = "omar", secret: str = PASSWORD, **headers: str):
    return client.post(LOGIN, {"username": name, "password": secret, "next": "/admin/"}, follow=True, **headers)


def test_password_alone_opens_nothing(client: Client) -> None:
    make_staff(Role.OFFICER, "dz-alg")
    answer = password(client)
    assert answer.redirect_chain[-1][0].startswith("/admin/two-factor/enrol/")
    for name in ("index", "password_change", "two_factor_codes"):
        assert client.get(reverse(f"admin:{name}")).status_code == 302


def test_enrolment_gives_ten_codes_and_lets_in(client: Client) -> None:
    user = make_staff(Role.OFFICER, "dz-alg")
    page = password(client).content.decode()
    device = Authenticator.objects.get(user=user)
    assert not device.confirmed
    assert "<svg" in page
    wrong = client.post("/admin/two-factor/enrol/", {"token": "000000"})
    assert wrong.status_code == 200
    device.refresh_from_db()
    device.throttle_reset()
    answer = client.post("/admin/two-factor/enrol/", {"token": code_now(device)})
    codes = re.findall(r'<bdi class="code" dir="ltr">([a-z2-9-]{19})</bdi>', answer.content.decode())
    assert len(set(codes)) == 10
    assert client.get("/admin/").status_code == 200
    assert Letter.objects.filter(kind="staff_second_factor", subject_key=str(user.pk)).count() == 1


def test_an_enrolled_person_cannot_enrol_another_phone_with_the_password_alone(client: Client) -> None:
    device_of(make_staff(Role.OFFICER, "dz-alg"))
    password(client)
    assert client.get("/admin/two-factor/enrol/")["Location"] == "/admin/two-factor/"
    assert TOTPDevice.objects.count() == 1


def test_a_code_works_once_and_in_arabic_digits(client: Client) -> None:
    device = device_of(make_staff(Role.OFFICER, "dz-alg"))
    password(client)
    code = code_now(device)
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert client.post("/admin/two-factor/", {"token": arabic[:3] + " " + arabic[3:]}).status_code == 302
    assert client.get("/admin/").status_code == 200
    other = Client()
    password(other)
    assert other.post("/admin/two-factor/", {"token": code}).status_code == 200
    assert other.get("/admin/").status_code == 302


def test_wrong_codes_are_slowed_down(client: Client) -> None:
    device = device_of(make_staff(Role.OFFICER, "dz-alg"))
    password(client)
    for _ in range(3):
        client.post("/admin/two-factor/", {"token": "000000"})
    assert client.post("/admin/two-factor/", {"token": code_now(device)}).status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_recovery_code_lets_in_once_and_is_told(client: Client) -> None:
    user = make_staff(Role.OFFICER, "dz-alg")
    quick = signed_in(user)
    page = quick.post("/admin/two-factor/codes/").content.decode()
    code = re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}(?=</bdi>)", page)[0]
    password(client)
    assert client.post("/admin/two-factor/", {"token": code.upper()}).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert StaticToken.objects.count() == 9
    assert Letter.objects.filter(kind="staff_second_factor").count() == 1
    other = Client()
    password(other)
    assert other.post("/admin/two-factor/", {"token": code}).status_code == 200


def test_recovery_codes_cannot_be_read_from_the_tables() -> None:
    quick = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    page = quick.post("/admin/two-factor/codes/").content.decode()
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert not any(token in page.replace("-", "") for token in kept)


def test_next_leads_nowhere_else(client: Client) -> None:
    device = device_of(make_staff(Role.OFFICER, "dz-alg"))
    password(client)
    answer = client.post("/admin/two-factor/?next=https://evil.example/", {"token": code_now(device)})
    assert answer["Location"] == "/admin/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"])
def test_next_of_the_password_page_leads_nowhere_else(client: Client, elsewhere: str) -> None:
    make_staff(Role.OFFICER, "dz-alg")
    answer = client.post(LOGIN, {"username": "omar", "password": PASSWORD, "next": elsewhere})
    assert answer["Location"] == "/admin/"


def test_new_codes_need_a_fresh_second_factor() -> None:
    client = signed_in(make_staff(Role.OFFICER, "dz-alg"), fresh=False)
    assert "again=1" in client.post("/admin/two-factor/codes/")["Location"]
    assert not StaticToken.objects.exists()


def test_accounts_are_changed_only_after_the_second_factor_again() -> None:
    centre = make_staff(Role.CENTRE)
    other = make_staff(Role.AGENT, "dz-alg")
    address = reverse("admin:accounts_user_change", args=[other.pk])
    stale = signed_in(centre, fresh=False)
    assert "again=1" in stale.get(address)["Location"]
    assert stale.post(address, {"role": "head"}).status_code == 302
    other.refresh_from_db()
    assert other.role == Role.AGENT
    client = signed_in(centre)
    assert client.get(address).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
        assert "again=1" in client.get(address)["Location"]


def test_nobody_changes_their_own_account() -> None:
    centre = make_staff(Role.CENTRE)
    client = signed_in(centre)
    answer = client.post(reverse("admin:accounts_user_change", args=[centre.pk]), {"role": "head"})
    assert answer.status_code == 403


def test_reset_ends_sessions_and_asks_to_enrol_again(client: Client) -> None:
    officer = make_staff(Role.OFFICER, "dz-alg")
    theirs = signed_in(officer)
    assert theirs.get("/admin/").status_code == 200
    signed_in(make_staff(Role.CENTRE)).post(
        reverse("admin:accounts_user_changelist"), {"action": "reset_second_factor", "_selected_action": [officer.pk]}
    )
    assert theirs.get("/admin/").status_code == 302
    assert not TOTPDevice.objects.filter(user=officer).exists()
    assert password(client).redirect_chain[-1][0].startswith("/admin/two-factor/enrol/")


def test_an_idle_session_ends() -> None:
    client = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    now = timezone.now()
    for minutes in (20, 45, 70):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=True):
            assert client.get("/admin/").status_code == 200
    with time_machine.travel(now + timedelta(minutes=101), tick=True):
        assert client.get("/admin/").status_code == 302
    assert SignIn.objects.get().ended_why == SignIn.Ended.IDLE


def test_a_session_ends_after_a_day_even_if_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    now = timezone.now()
    last = 200
    for minutes in range(0, 721, 25):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=True):
            last = client.get("/admin/").status_code
    assert last == 200
    with time_machine.travel(now + timedelta(minutes=722), tick=True):
        assert client.get("/admin/").status_code == 302


def test_the_third_session_ends_the_first() -> None:
    user = make_staff(Role.OFFICER, "dz-alg")
    clients = [signed_in(user) for _ in range(3)]
    assert [client.get("/admin/").status_code for client in clients] == [302, 200, 200]
    assert SignIn.objects.filter(ended_why=SignIn.Ended.PUSHED_OUT).count() == 1


def test_signing_out_ends_the_session() -> None:
    client = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    client.post("/admin/logout/")
    assert client.get("/admin/").status_code == 302
    assert SignIn.objects.get().ended_why == SignIn.Ended.SIGNED_OUT


def test_a_sign_in_from_somewhere_new_is_told_once() -> None:
    user = make_staff(Role.OFFICER, "dz-alg")
    device = device_of(user)
    firefox = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
    told = []
    for step, (address, agent) in enumerate(
        [("192.0.2.5", firefox), ("192.0.2.77", firefox), ("198.51.100.4", firefox), ("192.0.2.5", "curl")]
    ):
        with time_machine.travel(timezone.now() + timedelta(minutes=step), tick=True):
            client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
            password(client)
            assert client.post("/admin/two-factor/", {"token": code_now(device)}).status_code == 302
        told.append(Letter.objects.filter(kind="staff_sign_in").count())
    assert told == [0, 0, 1, 2]


def test_too_many_wrong_passwords_pause_the_account_and_nobody_else(client: Client) -> None:
    make_staff(Role.OFFICER, "dz-alg")
    make_staff(Role.HEAD, "dz-alg")
    for _ in range(10):
        assert password(client, secret="wrong").status_code == 200
    refused = password(client)
    assert "quart" in refused.content.decode() or "quarter" in refused.content.decode()
    assert not refused.redirect_chain
    assert password(Client(), name="hélène").redirect_chain
    cache.clear()
    assert password(Client()).redirect_chain


def test_a_network_is_told_without_its_last_part() -> None:
    assert presence.network_of("203.0.113.77") == "203.0.113.0/24"
    assert presence.network_of("2001:db8:1:2::9") == "2001:db8:1::/48"
    assert presence.network_of("no address") == ""
