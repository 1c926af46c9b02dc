"""Codes by text message: the gateways, and the settings that name them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.utils import timezone

from antibot import doors
from antibot.actions.check_code import check_one_time_code
from antibot.actions.send_code import contact_index, send_one_time_code
from antibot.actions.send_sms import send_waiting_sms
from antibot.domain.contacts import Channel
from antibot.domain.policy import Policy
from antibot.models import OneTimeCode, PolicyVersion
from antibot.purposes import Purpose
from antibot.sms.gateways import HttpGateway, NotSentError, sms_gateway
from tests import processes
from tests.antibot.conftest import SCOPE, MakeRequest

SESSION = b"s" * 32


class Provider(BaseHTTPRequestHandler):
    """A provider of text messages on this machine: keeps what it was given."""

    taken: ClassVar[list[tuple[str, dict[str, str], dict[str, str]]]] = []
    status = 202

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.taken.append((self.path, dict(self.headers), body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def provider() -> Iterator[str]:
    Provider.taken.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/messages?from=visa"
    server.shutdown()
    server.server_close()


@pytest.mark.django_db(transaction=True)
def test_text_messages_by_the_settings_of_the_environment(tmp_path: Path, provider: str) -> None:
    """From the names in the environment to the provider: another process reads them and hands the code over."""
    PolicyVersion.objects.create(
        scope_key="", version=1, values={"sms": True}, reason="test", created_at=timezone.now()
    )
    send_one_time_code(
        session=SESSION, contact="+213551234567", channel=Channel.SMS, purpose=Purpose.APPLY, scope_key=SCOPE,
        language="fr", network=b"n" * 32, network_factor=1, policy=Policy(sms=True), now=timezone.now(),
    )  # fmt: skip
    # The settings of the tests forget every VISA_ name; those of development read them as production does.
    environment = processes.test_environment(tmp_path) | {
        "DJANGO_SETTINGS_MODULE": "visa_booking.settings.development",
        "VISA_SMS_GATEWAY_URL": provider,
        "VISA_SMS_GATEWAY_TOKEN": "token-of-the-contract",
    }
    command = "from antibot.actions.send_sms import send_waiting_sms; from django.utils import timezone; "
    command += "print(send_waiting_sms(timezone.now()))"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", command],
        env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "1", done.stderr[-3000:]
    path, headers, body = Provider.taken[0]
    assert path == "/v1/messages?from=visa"
    assert headers["Authorization"] == "Bearer token-of-the-contract"
    assert body["to"] == "+213551234567"
    assert body["key"] == headers["Idempotency-Key"]
    code = next(word for word in body["text"].split() if word.isdigit())
    tried = check_one_time_code(
        session=SESSION, contact="+213551234567", code=code, purpose=Purpose.APPLY, now=timezone.now()
    )
    assert tried is None
    assert code not in done.stdout + done.stderr


@pytest.mark.parametrize("url", ["http://sms.example.org/", "ftp://127.0.0.1/", "sms.example.org", "https://"])
def test_a_gateway_without_tls_elsewhere_is_refused(url: str) -> None:
    with override_settings(SMS_GATEWAY_URL=url), pytest.raises(ImproperlyConfigured):
        sms_gateway()


def test_a_provider_that_refuses_costs_nobody_their_code(provider: str) -> None:
    gateway = HttpGateway(provider, "t", timeout=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Provider, "status", 503)
        with pytest.raises(NotSentError):
            gateway.send("+213551234567", "text", "key")
    with pytest.raises(NotSentError):
        HttpGateway("http://127.0.0.1:9/", "t", timeout=0.5).send("+213551234567", "text", "key")


@override_settings(SMS_GATEWAY_URL="console")
def test_a_code_by_sms(visitor: MakeRequest, capsys: pytest.CaptureFixture[str]) -> None:
    PolicyVersion.objects.create(
        scope_key="", version=1, values={"sms": True}, reason="test", created_at=timezone.now()
    )
    assert doors.send_code(visitor(), "٠٠213 (55) 123-4567", "apply", SCOPE, "ar") is None
    assert send_waiting_sms(timezone.now()) == 1
    assert send_waiting_sms(timezone.now()) == 0
    out = capsys.readouterr().out
    assert "+213551234567" in out
    code = next(word for word in out.replace(".", " ").split() if word.isdigit() and len(word) == 6)
    assert doors.check_code(visitor(), "+213551234567", code, "apply") is None


def test_the_http_gateway_speaks_to_a_real_server() -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from antibot.sms.gateways import HttpGateway, NotSentError

    got: list[tuple[str, dict]] = []

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = BytesIO(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((self.headers["Authorization"], json.load(body)))
            self.send_response(202 if len(got) < 2 else 500)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gateway = HttpGateway(f"http://127.0.0.1:{server.server_port}/send", "token", timeout=5)
    gateway.send("+213551234567", "123456", "code-1")
    assert got[0] == ("Bearer token", {"to": "+213551234567", "text": "123456", "key": "code-1"})
    with pytest.raises(NotSentError):
        gateway.send("+213551234567", "123456", "code-1")
    server.shutdown()
    server.server_close()
    with pytest.raises(NotSentError):
        gateway.send("+213551234567", "123456", "code-1")


@pytest.fixture
def waiting(db: None, provider: str) -> Iterator[None]:
    """Two codes that wait to be sent as text messages."""
    with override_settings(SMS_GATEWAY_URL=provider, SMS_GATEWAY_TOKEN="token-of-the-contract"):
        for number in ("+213551234567", "+213551234568"):
            send_one_time_code(
                session=SESSION, contact=number, channel=Channel.SMS, purpose=Purpose.APPLY, scope_key=SCOPE,
                language="fr", network=b"n" * 32, network_factor=1, policy=Policy(sms=True), now=timezone.now(),
            )  # fmt: skip
        yield


def _told(monkeypatch: pytest.MonkeyPatch, status: int) -> int:
    monkeypatch.setattr(Provider, "status", status)
    return send_waiting_sms(timezone.now())


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_a_provider_did_not_take_is_offered_again_under_its_key(
    waiting: None, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Once a run, so that a provider that is away is not asked a hundred times; then all go out."""
    assert _told(monkeypatch, status) == 0
    assert len(Provider.taken) == 1
    assert _told(monkeypatch, 202) == 2
    first, again, other = (headers["Idempotency-Key"] for _, headers, _ in Provider.taken)
    assert first == again != other
    assert OneTimeCode.objects.filter(sms__isnull=False).count() == 0


def test_after_three_tries_a_message_is_given_up_and_the_next_has_its_turn(
    waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [_told(monkeypatch, 500) for _ in range(3)] == [0, 0, 0]
    assert len({body["to"] for _, _, body in Provider.taken}) == 1
    assert _told(monkeypatch, 202) == 1


def test_a_number_that_the_provider_refuses_keeps_nobody_else_waiting(
    waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _told(monkeypatch, 400) == 0
    assert len(Provider.taken) == 2
    assert OneTimeCode.objects.filter(sms__isnull=False).count() == 0


def test_a_code_that_was_used_meanwhile_is_not_offered_again(waiting: None, monkeypatch: pytest.MonkeyPatch) -> None:
    OneTimeCode.objects.exclude(contact_index=contact_index("+213551234567")).delete()

    def used_while_sending(*_arguments: object) -> None:
        OneTimeCode.objects.update(used_at=timezone.now())
        raise NotSentError("TimeoutError")

    monkeypatch.setattr(HttpGateway, "send", used_while_sending)
    assert send_waiting_sms(timezone.now()) == 0
    assert OneTimeCode.objects.get().sms is None


def test_a_provider_that_does_not_answer_costs_its_time_out_once(
    waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gateway = HttpGateway(f"http://127.0.0.1:{silent.getsockname()[1]}/", "t", timeout=0.3)
        monkeypatch.setattr("antibot.actions.send_sms.sms_gateway", lambda: gateway)
        began = time.monotonic()
        assert send_waiting_sms(timezone.now()) == 0
        assert time.monotonic() - began < 5
    assert OneTimeCode.objects.filter(sms__isnull=False).count() == 2


def test_the_log_of_a_failure_holds_no_number_no_code_and_no_token(
    waiting: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    codes = [row.sms["code"] for row in OneTimeCode.objects.all() if row.sms]
    assert _told(monkeypatch, 500) == 0
    written = " ".join(str(vars(record)) for record in caplog.records)
    assert "sms_not_sent" in written
    assert "status 500" in written
    for secret in (*codes, "51234567", "token-of-the-contract"):
        assert secret not in written
