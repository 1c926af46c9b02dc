"""Settings from the environment."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from visa_booking.environment import KNOWN, Environment

KEY = base64.b64encode(bytes(32)).decode()
PRODUCTION = {
    "PATH": os.environ.get("PATH", ""),
    "DJANGO_SETTINGS_MODULE": "visa_booking.settings.base",
    "VISA_SECRET_KEY": "kJ8" + "q9Zr_w2L" * 8,
    "VISA_FIELD_KEYS": f"1:{KEY}",
    "VISA_INDEX_KEY": KEY,
    "VISA_OTP_PEPPER": KEY,
    "VISA_ALLOWED_HOSTS": "appointments.example.org",
    "VISA_PUBLIC_ORIGIN": "https://appointments.example.org",
    "VISA_EMAIL_URL": "smtp+tls://u:p@mail.example.org:587",
    "VISA_EMAIL_FROM": "appointments@example.org",
    "VISA_STRIPE_SECRET_KEY": "sk_test_x",
    "VISA_STRIPE_WEBHOOK_SECRET": "whsec_x",
    "VISA_KEYS_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/keys",
    "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/main",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def manage(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in {**PRODUCTION, **changes}.items() if value is not None}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_check_deploy_is_clean_in_production_settings() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, "no issues" in done.stdout + done.stderr) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("gateway", "targets"),
    [("stripe", ["'self'", "https://checkout.stripe.com"]), ("sandbox", ["'self'"])],
)
def test_a_form_may_lead_to_the_payment_page_of_the_gateway_and_nowhere_else(gateway: str, targets: list[str]) -> None:
    """Chromium refuses the redirect from our form to a hosted page that `form-action` does not name."""
    words = "from django.conf import settings; print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])"
    done = manage("shell", "--no-imports", "-c", words, VISA_PAYMENT_GATEWAY=gateway)
    assert done.stdout.strip() == str(targets), done.stderr


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"VISA_ALOWED_HOSTS": "x"}, "Did you mean VISA_ALLOWED_HOSTS?"),
        ({"VISA_COLOUR": "x"}, "which this project does not know"),
        ({"VISA_SECRET_KEY": None}, "VISA_SECRET_KEY has to be set"),
        ({"VISA_FIELD_KEYS": "1:abc"}, "VISA_FIELD_KEYS"),
        ({"VISA_TRUSTED_PROXY_HOPS": "two"}, "VISA_TRUSTED_PROXY_HOPS has to be a whole number"),
        ({"VISA_METRICS_NETWORKS": "10.0.0.0/33"}, "VISA_METRICS_NETWORKS has to be a list of networks"),
        ({"VISA_PAYMENT_GATEWAY": "free"}, "VISA_PAYMENT_GATEWAY has to be one of sandbox, stripe"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL has to be like postgresql://"),
    ],
)
def test_a_wrong_environment_stops_the_start_with_a_sentence(changes: dict[str, str | None], sentence: str) -> None:
    done = manage("check", **changes)
    assert done.returncode != 0
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("changes", "identifier"),
    [
        ({"VISA_PAYMENT_GATEWAY": "sandbox"}, "visa_booking.W001"),
        ({"VISA_STRIPE_WEBHOOK_SECRET": ""}, "visa_booking.E001"),
        ({"VISA_PUBLIC_ORIGIN": "http://appointments.example.org"}, "visa_booking.E002"),
        ({"VISA_KEYS_DATABASE_URL": PRODUCTION["DATABASE_URL"]}, "visa_booking.E003"),
    ],
)
def test_check_deploy_names_what_is_unsafe(changes: dict[str, str | None], identifier: str) -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **changes)
    assert done.returncode != 0
    assert identifier in done.stderr


def test_database_addresses() -> None:
    env = Environment({"DATABASE_URL": "postgresql://us%40er:p%2Fw@db.example:6432/na%20me?sslmode=verify-full"})
    entry = env.database("DATABASE_URL")
    assert entry["USER"] == "us@er"
    assert entry["PASSWORD"] == "p/w"
    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example", "6432", "na me")
    assert entry["OPTIONS"] == {"sslmode": "verify-full"}
    socket = Environment({"DATABASE_URL": "postgresql:///visa?host=/run/postgresql"}).database("DATABASE_URL")
    assert (socket["HOST"], socket["PORT"], socket["OPTIONS"]) == ("/run/postgresql", "", {})


@given(st.text(max_size=40))
def test_keys_are_refused_or_returned_as_written(value: str) -> None:
    try:
        assert Environment({"VISA_FIELD_KEYS": value}).keys("VISA_FIELD_KEYS") == value
    except ImproperlyConfigured:
        assert value != f"1:{KEY}"


def test_two_keys_with_one_id_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="named once"):
        Environment({"VISA_FIELD_KEYS": f"1:{KEY},1:{KEY}"}).keys("VISA_FIELD_KEYS")


def test_every_known_name_is_read_and_documented() -> None:
    from pathlib import Path

    from django.conf import settings

    base = (Path(settings.BASE_DIR) / "visa_booking" / "settings" / "base.py").read_text()
    manual = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    assert {name for name in KNOWN if f'"{name}"' not in base} == set()
    assert {name for name in KNOWN if f"`{name}`" not in manual} == set()


def test_every_setting_of_the_table_can_be_set_and_every_one_that_can_be_set_is_in_it() -> None:
    table = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text().partition("## Logs")[0]
    assert set(re.findall(r"`(VISA_[A-Z_]+)`", table.partition("## Settings")[2])) == KNOWN
