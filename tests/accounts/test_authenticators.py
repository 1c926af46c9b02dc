"""Seeds of authenticator apps: nowhere in clear, sealed anew with the field keys, taken over from earlier code."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client, override_settings
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import authenticators
from accounts.authenticators import WAITING
from accounts.models import Authenticator, Role, User
from accounts.tasks import seal_authenticators
from tests.accounts.people import PASSWORD, code_now, device_of, make_staff
from vault.cipher import key_id_of
from vault.models import KeyMark

pytestmark = pytest.mark.django_db
TWO = f"{settings.FIELD_KEYS},2:{base64.b64encode(b'b' * 32).decode()}"


def enter(client: Client, token: str) -> bool:
    """Password and code; whether the admin opens then."""
    client.post("/admin/login/", {"username": "omar", "password": PASSWORD})
    client.post("/admin/two-factor/", {"token": token})
    return client.get("/admin/").status_code == 200


def everything_stored() -> str:
    """Both tables as a thief of a backup would read them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM otp_totp_totpdevice t LEFT JOIN accounts_authenticator a ON totpdevice_ptr_id = id"
        )
        return repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor.fetchall()])


def code_of(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key):06}"


def left_by_earlier_code() -> TOTPDevice:
    """A device as it was enrolled before this release."""
    return TOTPDevice.objects.create(user=make_staff(Role.OFFICER, "dz-alg"), name="app", confirmed=True)


def test_a_seed_cannot_be_read_from_the_tables(client: Client) -> None:
    make_staff(Role.OFFICER, "dz-alg")
    client.post("/admin/login/", {"username": "omar", "password": PASSWORD})
    client.get("/admin/two-factor/enrol/")
    device = Authenticator.objects.get()
    client.post("/admin/two-factor/enrol/", {"token": code_now(device)})
    assert client.get("/admin/").status_code == 200
    seed = device.bin_key
    for form in (seed.hex(), base64.b32encode(seed).decode(), repr(seed)[2:-1], base64.b64encode(seed).decode()):
        assert form not in everything_stored()


def test_the_row_of_the_library_opens_nothing(client: Client) -> None:
    device = device_of(make_staff(Role.OFFICER, "dz-alg"))
    decoy = TOTPDevice.objects.get(pk=device.pk).bin_key
    assert len(decoy) == 20
    assert not enter(client, f"{totp(decoy):06}")
    device.throttle_reset()
    assert enter(client, code_now(device))


def test_a_phone_of_before_goes_on_working_and_its_seed_is_sealed_by_using_it(client: Client) -> None:
    earlier = left_by_earlier_code()
    assert earlier.key in everything_stored()
    assert enter(client, f"{totp(earlier.bin_key):06}")
    assert earlier.key not in everything_stored()
    assert Authenticator.objects.get().seed == earlier.key


def test_a_sign_in_of_before_stays(client: Client) -> None:
    earlier = left_by_earlier_code()
    client.force_login(earlier.user)
    session = client.session
    session["otp_device_id"] = earlier.persistent_id
    session.save()
    assert client.get("/admin/").status_code == 200
    seal_authenticators()
    assert client.get("/admin/").status_code == 200
    assert Authenticator.objects.get().persistent_id == earlier.persistent_id


def test_the_night_seals_what_nobody_used_and_a_code_still_counts_once(client: Client) -> None:
    earlier = left_by_earlier_code()
    code = f"{totp(earlier.bin_key):06}"
    assert seal_authenticators() == 1
    assert seal_authenticators() == 0
    assert earlier.key not in everything_stored()
    assert enter(client, code)
    assert not enter(Client(), code)


def test_an_enrolment_that_was_begun_at_a_node_of_before_is_finished_here(client: Client) -> None:
    user = make_staff(Role.OFFICER, "dz-alg")
    begun = TOTPDevice.objects.create(user=user, name="app", confirmed=False)
    client.post("/admin/login/", {"username": "omar", "password": PASSWORD})
    client.post("/admin/two-factor/enrol/", {"token": f"{totp(begun.bin_key):06}"})
    assert client.get("/admin/").status_code == 200
    assert begun.key not in everything_stored()


@pytest.fixture
def beside_earlier_code() -> None:
    """While the nodes of an installation are replaced."""
    KeyMark.objects.create(name=WAITING, fingerprint="")


def at_a_node_of_before(user: User, code: str) -> bool:
    """What the release before this one asks at a sign-in: the library's rows; it knows no table of ours."""
    rows = TOTPDevice.objects.filter(user=user, confirmed=True)
    for row in rows:
        row.throttle_reset()
    return any(row.verify_token(code) for row in rows.all())


def test_without_the_wait_an_app_that_was_used_here_opens_no_node_of_before(client: Client) -> None:
    """The control of the next test."""
    earlier = left_by_earlier_code()
    assert enter(client, f"{totp(earlier.bin_key):06}")
    assert not at_a_node_of_before(earlier.user, f"{totp(earlier.bin_key, drift=1):06}")


def test_while_nodes_of_before_run_a_phone_opens_them_and_these(client: Client, beside_earlier_code: None) -> None:
    earlier = left_by_earlier_code()
    code = f"{totp(earlier.bin_key):06}"
    assert enter(client, code)
    assert not enter(Client(), code)  # once, as ever
    assert seal_authenticators() == 0
    assert at_a_node_of_before(earlier.user, f"{totp(earlier.bin_key, drift=1):06}")
    assert not Authenticator.objects.exists()


def test_while_nodes_of_before_run_an_enrolment_is_finished_at_either(
    client: Client, beside_earlier_code: None
) -> None:
    user = make_staff(Role.OFFICER, "dz-alg")
    client.post("/admin/login/", {"username": "omar", "password": PASSWORD})
    page = client.get("/admin/two-factor/enrol/").content.decode()
    begun = TOTPDevice.objects.get(user=user, confirmed=False)
    assert base64.b32encode(begun.bin_key).decode() in page.replace(" ", "")  # what the phone has is what both compare
    assert TOTPDevice.objects.get_or_create(user_id=user.pk, confirmed=False)[0].verify_token(code_of(begun))
    TOTPDevice.objects.update(last_t=-1)
    client.post("/admin/two-factor/enrol/", {"token": code_of(begun)})
    assert client.get("/admin/").status_code == 200
    assert not Authenticator.objects.exists()


def test_the_command_after_the_update_seals_and_new_phones_are_sealed_at_once(
    client: Client, beside_earlier_code: None
) -> None:
    earlier = left_by_earlier_code()
    call_command("seal_seeds")
    assert earlier.key not in everything_stored()
    assert enter(client, f"{totp(earlier.bin_key):06}")
    newcomer = make_staff(Role.AGENT, "dz-alg")
    other = Client()
    other.post("/admin/login/", {"username": newcomer.username, "password": PASSWORD})
    other.get("/admin/two-factor/enrol/")
    assert Authenticator.objects.filter(user=newcomer, confirmed=False).exists()
    call_command("seal_seeds")


@pytest.mark.parametrize(
    ("prepare", "waits"),
    [
        (lambda: None, False),
        (left_by_earlier_code, True),
        (lambda: make_staff(Role.OFFICER, "dz-alg"), True),
        (lambda: device_of(make_staff(Role.OFFICER, "dz-alg")), False),
    ],
    ids=["new installation", "app of before", "nobody has enrolled", "seals already"],
)
def test_the_migration_makes_those_wait_whom_earlier_code_serves(prepare: Callable[[], object], waits: bool) -> None:
    prepare()
    with connection.cursor() as cursor:
        cursor.execute(import_module("accounts.migrations.0006_seeds_wait").WAIT)
    assert authenticators.waits() == waits


@pytest.mark.django_db(transaction=True)
def test_two_that_seal_at_once_keep_the_seed() -> None:
    earlier = left_by_earlier_code()

    def at_once(_: int) -> int:
        try:
            return seal_authenticators()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(at_once, range(8))) == 1
    assert Authenticator.objects.get().seed == earlier.key


def test_new_field_keys_seal_the_seed_anew(client: Client) -> None:
    device = device_of(make_staff(Role.OFFICER, "dz-alg"))
    with override_settings(FIELD_KEYS=TWO):
        call_command("rotate_keys", "fields")
        with connection.cursor() as cursor:
            cursor.execute("SELECT seed FROM accounts_authenticator")
            assert key_id_of(cursor.fetchone()[0]) == 2
    with override_settings(FIELD_KEYS=TWO.split(",")[1]):
        assert enter(client, code_now(device))


def test_taking_a_device_away_takes_the_seed_with_it() -> None:
    device = device_of(make_staff(Role.OFFICER, "dz-alg"))
    device.user.delete()
    assert not TOTPDevice.objects.exists()
    assert not Authenticator.objects.exists()


def test_earlier_code_that_knows_no_seed_can_take_a_device_away() -> None:
    """What its reset of a second factor and its deleting of an account ask, while nodes are replaced."""
    device_of(make_staff(Role.OFFICER, "dz-alg"))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM otp_totp_totpdevice")
    connection.check_constraints()
    assert not Authenticator.objects.exists()
