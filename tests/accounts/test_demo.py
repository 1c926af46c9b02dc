"""The demonstration's staff."""

import base64
import json
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_otp.oath import totp

from accounts import demo
from accounts.models import Role, User


@pytest.mark.django_db
def test_each_role_gets_a_person_whose_password_is_shown_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    said: list[str] = []
    demo.build(timezone.now(), said.append)
    assert {user.role for user in User.objects.all()} == set(Role.values)
    kept = json.loads((tmp_path / "demo-staff.json").read_text())
    assert stat.S_IMODE((tmp_path / "demo-staff.json").stat().st_mode) == 0o600
    for name, password in kept.items():
        assert User.objects.get(username=name).check_password(password)
        assert any(password in line for line in said)
    said.clear()
    demo.build(timezone.now(), said.append)
    assert not said


def test_the_calculator_shows_what_an_app_would() -> None:
    key = bytes(range(20))
    out = StringIO()
    call_command("authenticator", base64.b32encode(key).decode().lower(), stdout=out)
    assert out.getvalue().strip() in {f"{totp(key):06}", f"{totp(key, drift=-1):06}"}
    with pytest.raises(CommandError):
        call_command("authenticator", "not a key!")
