"""New keys for old rows, in a world with something in every table: everything stays readable, found, and once."""

from __future__ import annotations

import base64
import io
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from antibot.actions.import_vouchers import BadVoucherListError, import_vouchers
from antibot.actions.pay_voucher import pay_with_voucher, voucher_digest
from antibot.limits.origins import network_index
from antibot.models import NetworkBlock, VoucherBatch
from appointments.actions.access import find_for_contact
from appointments.actions.requests import enter_request, withdraw
from appointments.models import CoolingOff, Person, Request
from appointments.refusals import Reason, RefusedError
from archives.indexing import file_number_index, indexes_of, passport_index
from archives.models import FileKey, VisaFile
from archives.sealing import WRAP, holder_of
from mailroom.models import Letter
from tests.accounts.people import make_staff, signed_in
from tests.antibot.conftest import asked
from tests.appointments.pages.visitor import Visitor
from tests.archives.makers import TODAY, file_of, issued
from tests.cast import ALICE, ALICE_MAIL, BOB, BOB_MAIL, Scene, any_day, make_scene
from tests.processes import test_environment as environment_of_this_test
from tests.security.world import make_world
from vault import rotation
from vault.cipher import decrypt
from vault.fields import EncryptedTextField
from vault.models import KeyMark

ONE = str(settings.FIELD_KEYS)
TWO = "2:" + base64.b64encode(b"b" * 32).decode()
NEW_INDEX = base64.b64encode(b"n" * 32).decode()


def run(what: str, *options: str) -> str:
    said = io.StringIO()
    call_command("rotate_keys", what, *options, stdout=said)
    return said.getvalue()


def enter(scene: Scene, *people: Any, contact: str = ALICE_MAIL) -> Request:
    return enter_request(
        service=scene.drawn, people=people, wishes=any_day(), contact=contact, language="fr", now=timezone.now()
    )


@pytest.fixture
def scene(db: None) -> Scene:
    rotation.index_key_in_force()
    return make_scene()


def test_every_encrypted_column_is_read_after_the_old_key_is_gone(db: None) -> None:
    world = make_world()
    Letter.objects.create(
        kind="x", subject_key="s", payload={"a": 1}, not_before=timezone.now(), created_at=timezone.now()
    )
    before = {table.model: contents(table) for table in rotation.sealed_tables()}
    filled = {model._meta.label for model, rows in before.items() if rows}
    assert {"appointments.Person", "appointments.Request", "appointments.Draft", "archives.FileKey"} <= filled
    assert {"archives.CopyRequest", "archives.ImportRow", "antibot.OneTimeCode", "mailroom.Letter"} <= filled
    with override_settings(FIELD_KEYS=f"{ONE},{TWO}"):
        assert "values stand under an earlier key" in run("fields", "--dry-run")
        assert {key for table in rotation.sealed_tables() for key in rotation.keys_in_use(table)} == {1}
        run("fields", "--batch", "3")
        assert "No value needs 1 any more" in run("status")
    with override_settings(FIELD_KEYS=TWO):
        assert {key for table in rotation.sealed_tables() for key in rotation.keys_in_use(table)} == {2}
        assert {table.model: contents(table) for table in rotation.sealed_tables()} == before
        reference = world.bookings["confirmed"].request.reference
        assert world.clients["booked"].get(f"/my/{reference}/").status_code == 200
        assert "MISSING" not in run("status")


def contents(table: rotation.SealedTable) -> list[Any]:
    """The plain values of a table, whoever decrypts them."""
    if table.model is FileKey:
        return [bytes(decrypt(bytes(row.wrapped), WRAP)) for row in FileKey.objects.order_by("pk")]
    names = [field.attname for field in table.model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
    return list(table.model._default_manager.order_by("pk").values_list(*names))


def test_a_key_that_is_still_needed_is_named_as_missing(scene: Scene) -> None:
    enter(scene, ALICE)
    with override_settings(FIELD_KEYS=TWO):
        assert "MISSING: values stand under 1" in run("status")


def test_people_stay_unchangeable_for_everybody_else(scene: Scene) -> None:
    person = enter(scene, ALICE).people.get()
    with override_settings(FIELD_KEYS=f"{ONE},{TWO}"):
        run("fields")
        person.refresh_from_db()
        person.family_name = "OTHER"
        # The rotation's permission ended with its transaction; this test's own one is around both.
        connection.cursor().execute("SELECT set_config('visa.rotating', '', true)")
        with pytest.raises(IntegrityError, match="person_is_fixed"), transaction.atomic():
            person.save()


def _command(tmp_path: Path, *arguments: str, **keys: str) -> subprocess.Popen[str]:
    """The command as an operator starts it, on this test's databases."""
    env = environment_of_this_test(tmp_path) | {
        "DJANGO_SETTINGS_MODULE": "visa_booking.settings.development",
        "VISA_SECRET_KEY": settings.SECRET_KEY,
        "VISA_FIELD_KEYS": ONE,
        "VISA_INDEX_KEY": settings.INDEX_KEY,
        "VISA_OTP_PEPPER": settings.OTP_PEPPER,
        "PYTHONUNBUFFERED": "1",
        **keys,
    }
    command = [sys.executable, "manage.py", "rotate_keys", *arguments]
    return subprocess.Popen(command, env=env, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)


def _kill_after(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.stdout.read()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL


def test_killed_in_the_middle_the_fields_go_on_where_they_stopped(transactional_db: None, tmp_path: Path) -> None:
    now = timezone.now()
    Letter.objects.bulk_create(
        Letter(kind="x", subject_key=str(n), payload={"n": n}, not_before=now, created_at=now) for n in range(300)
    )
    _kill_after(
        _command(tmp_path, "fields", "--batch", "2", VISA_FIELD_KEYS=f"{ONE},{TWO}"), "mailroom.Letter: 20 rows"
    )
    letters = next(table for table in rotation.sealed_tables() if table.model is Letter)
    half = rotation.keys_in_use(letters)
    assert half[1] > 0
    assert half[2] >= 20
    with override_settings(FIELD_KEYS=f"{ONE},{TWO}"):
        assert {row.payload["n"] for row in Letter.objects.all()} == set(range(300))  # the application reads both
        run("fields")
    with override_settings(FIELD_KEYS=TWO):
        assert {row.payload["n"] for row in Letter.objects.all()} == set(range(300))


def test_a_row_that_somebody_holds_is_passed_over_and_named(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    rows = [Letter.objects.create(kind="x", subject_key=k, payload={}, not_before=now, created_at=now) for k in "ab"]
    monkeypatch.setattr("vault.management.commands.rotate_keys.PASSES", 1)
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM mailroom_letter WHERE id = %s FOR UPDATE", [rows[0].pk])
            with override_settings(FIELD_KEYS=f"{ONE},{TWO}"):
                with pytest.raises(CommandError, match="1 values were held"):
                    run("fields")
                other.rollback()
                assert "can be taken out" in run("fields")
    finally:
        other.close()


def test_without_the_rotation_a_new_index_key_would_let_somebody_enter_twice_and_nothing_starts(scene: Scene) -> None:
    """The control of the next test, and why the web process and the workers refuse to start."""
    enter(scene, ALICE)
    with override_settings(INDEX_KEY=NEW_INDEX):
        enter(scene, ALICE)
        assert Person.objects.filter(living=True).count() == 2
        with pytest.raises(ImproperlyConfigured, match="rotate_keys index"):
            rotation.refuse_another_index_key()


def test_nobody_enters_twice_around_a_rotation_of_the_index_key(scene: Scene) -> None:
    mine = enter(scene, ALICE)
    paused = enter(scene, BOB, contact=BOB_MAIL)
    identity = bytes(paused.people.get().identity_index)
    scope = paused.people.get().identity_scope
    withdraw(request=paused, now=timezone.now())
    CoolingOff.objects.create(
        identity_scope=scope, identity_index=identity, until=timezone.now() + timedelta(days=9), reason="withdrawn"
    )
    with override_settings(INDEX_KEY=NEW_INDEX):
        assert "would be computed again" in run("index", "--dry-run")
        run("index", "--batch", "1")
        rotation.refuse_another_index_key()
        with pytest.raises(RefusedError) as again, transaction.atomic():
            enter(scene, replace(ALICE, passport_number=ALICE.passport_number.lower()), contact="other@example.org")
        assert again.value.reason == Reason.IDENTITY_LIVING
        with pytest.raises(RefusedError) as pause, transaction.atomic():
            enter(scene, BOB, contact=BOB_MAIL)
        assert pause.value.reason == Reason.COOLING_OFF
        assert [row.pk for row in find_for_contact(ALICE_MAIL)] == [mine.pk]
        assert "nothing to do" in run("index")
    call_command("check_integrity", verbosity=0)


def test_after_a_new_index_key_networks_files_and_requests_are_found(db: None) -> None:
    rotation.index_key_in_force()
    now = timezone.now()
    file = file_of(1, issued(TODAY - timedelta(days=400), TODAY - timedelta(days=310)))
    block = NetworkBlock.objects.create(
        network="198.51.100.7/32", network_index=network_index("198.51.100.7/32"), reason="x",
        starts_at=now, ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    old = bytes(VisaFile.objects.get().passport_index or b"")
    with override_settings(INDEX_KEY=NEW_INDEX):
        run("index")
        fresh = VisaFile.objects.get()
        assert bytes(fresh.passport_index or b"") == passport_index("AB0000001") != old
        assert bytes(fresh.file_number_index) == file_number_index("DZALG2024000001")
        assert fresh.name_keys == indexes_of(holder_of(file))["name_keys"]
        block.refresh_from_db()
        assert bytes(block.network_index) == network_index("198.51.100.7/32")


def test_a_voucher_sold_before_pays_after(scene: Scene) -> None:
    code, now = "0123456789ABCDEF", timezone.now()
    until = (now + timedelta(days=9)).date()
    batch = VoucherBatch.objects.create(
        label="x", amount_cents=2900, currency="EUR", post_key="", valid_until=until, imported_at=now
    )
    import_vouchers(batch, [voucher_digest(code)])
    payment = asked()
    with override_settings(INDEX_KEY=NEW_INDEX, INDEX_KEY_FALLBACKS=[settings.INDEX_KEY]):
        run("index")
        with pytest.raises(BadVoucherListError):
            import_vouchers(batch, [voucher_digest(code)])
        assert pay_with_voucher(payment.pk, code, now) is None


def test_killed_in_the_middle_the_index_goes_on_where_it_stopped(transactional_db: None, tmp_path: Path) -> None:
    rotation.index_key_in_force()
    for number in range(60):
        file_of(number)
    process = _command(tmp_path, "index", "--batch", "1", VISA_INDEX_KEY=NEW_INDEX)
    _kill_after(process, "index:archives.VisaFile: 5 of 60")
    with override_settings(INDEX_KEY=NEW_INDEX):
        mark = KeyMark.objects.get(name="index:archives.VisaFile")
        assert 5 <= mark.rows < 60
        with pytest.raises(ImproperlyConfigured):
            rotation.refuse_another_index_key()
        run("index")
        assert KeyMark.objects.get(name="index:archives.VisaFile").rows == 60
        rotation.refuse_another_index_key()
        for number in range(60):
            assert VisaFile.objects.filter(passport_index=passport_index(f"AB{number:07}")).exists()


def test_sessions_outlive_the_secret_key(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    alice.prove_contact()
    staff = signed_in(make_staff("officer", "dz-alg"))
    old, new = settings.SECRET_KEY, "another-" + "y" * 50
    with override_settings(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[old]):
        assert alice.get(alice.step("people"))["Location"].endswith("/people/1/")
        assert "would be signed again" in run("secret", "--dry-run")
        run("secret")
        assert run("secret").startswith("0 sessions")
    with override_settings(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[]):
        assert alice.get(alice.step("people"))["Location"].endswith("/people/1/")
        assert staff.get("/admin/").status_code == 200


def test_without_the_earlier_secret_key_a_session_ends(scene: Scene) -> None:
    staff = signed_in(make_staff("officer", "dz-alg"))
    with override_settings(SECRET_KEY="another-" + "y" * 50, SECRET_KEY_FALLBACKS=[]):
        assert staff.get("/admin/").status_code == 302


def test_a_picture_shown_before_counts_after_and_so_does_a_code(scene: Scene) -> None:
    old_key, old_pepper = settings.SECRET_KEY, settings.OTP_PEPPER
    alice = Visitor(ALICE_MAIL)
    alice.begin(scene.drawn)
    page = alice.step("contact")
    picture = alice.challenge(page)
    with override_settings(SECRET_KEY="another-" + "y" * 50, SECRET_KEY_FALLBACKS=[old_key]):
        assert alice.post(page, contact=ALICE_MAIL, **picture)["Location"] == alice.step("code")
        with override_settings(OTP_PEPPER="new pepper", OTP_PEPPER_FALLBACKS=[old_pepper]):
            assert alice.post(alice.step("code"), code=alice.code()).status_code == 302
            assert alice.get(alice.step("people"))["Location"].endswith("/people/1/")
            assert "1 earlier peppers" in run("pepper")


# Blind indexes that no decrypted value stands beside: who finds them afterwards, or when they go.
LEFT_TO_THEIR_CLOCK = {
    "antibot.OneTimeCode.contact_index",  # codes: minutes; limits of a day
    "antibot.OneTimeCode.network_index",
    "antibot.Sighting.contact_index",  # compared for two weeks
    "antibot.Sighting.pattern_index",
    "antibot.Charge.instrument_index",  # the same
}
COMPUTED_WITH_OTHERS = {
    "antibot.Sighting.identity_index",  # with the person's
    "appointments.CoolingOff.identity_index",
}


def test_every_blind_index_has_a_decision() -> None:
    """A new one fails until `rotate_keys index` computes it or a line above says why not."""
    computed = {table.model for table in rotation.index_tables()}
    undecided = {
        f"{model._meta.label}.{one.name}"
        for model in apps.get_models()
        if model._meta.app_label in {"accounts", "antibot", "appointments", "archives", "mailroom"}
        for one in model._meta.local_concrete_fields
        if one.name.endswith("_index") and model not in computed
    }
    undecided |= {name for name in LEFT_TO_THEIR_CLOCK if name.startswith("antibot.Sighting")}
    undecided |= {name for name in COMPUTED_WITH_OTHERS if name.startswith("antibot.Sighting")}
    assert undecided == LEFT_TO_THEIR_CLOCK | COMPUTED_WITH_OTHERS
