"""What logs say and do not say."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator

import pytest
import structlog
from django.conf import settings
from django.test import Client

from appointments.domain.references import new_reference
from tests.cast import ALICE
from tests.log_watch import LogWatch
from visa_booking.logs import configure, mask


@pytest.fixture
def json_logs() -> Iterator[None]:
    configure({"level": "INFO", "format": "json"})
    yield
    configure(settings.LOGGING)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


def test_a_request_is_one_line_without_path_query_or_address(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    configure({"level": "INFO", "format": "json"})
    answer = client.get("/language/fr/", {"next": "/my/K7RT/?mail=a.b@example.org"}, REMOTE_ADDR="203.0.113.77")
    said = capsys.readouterr().err
    configure(settings.LOGGING)
    row = json.loads(next(line for line in said.splitlines() if '"request"' in line))
    assert (row["method"], row["route"], row["status"]) == ("GET", "language/<str:code>/", 302)
    assert row["request_id"] == answer["X-Request-ID"]
    for secret in ("K7RT", "example.org", "203.0.113.77"):
        assert secret not in said


def test_a_request_that_fails_is_logged_by_its_route(
    db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("appointments.views.public.render", broken)
    configure({"level": "INFO", "format": "json"})
    visitor = Client(raise_request_exception=False)
    assert visitor.get("/help/", {"q": "Benali"}).status_code == 500
    said = capsys.readouterr().err
    configure(settings.LOGGING)
    (row,) = [json.loads(line) for line in said.splitlines() if '"exception"' in line]
    assert (row["event"], row["route"]) == ("Internal Server Error: [path]", "help/")
    assert "/help/" not in said
    assert "Benali" not in said


def test_an_address_that_is_too_long_to_lead_on_to_is_no_error_of_ours(
    db: None, client: Client, json_logs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure({"level": "ERROR", "format": "json"})
    assert client.get("/admin/appointments/break/add/", {"o": "x" * 20_000}).status_code == 400
    assert lines(capsys) == []


def test_nobody_writes_a_line_of_their_own(json_logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    configure({"level": "INFO", "format": "json"})
    logging.getLogger("library").warning("name %s", 'x\n{"event": "forged"}')
    structlog.get_logger("ours").info("y\r\nforged")
    assert [row["event"] for row in lines(capsys)] == ['name x\n{"event": "forged"}', "y\r\nforged"]


def test_codes_and_addresses_are_masked_whoever_writes_them() -> None:
    event = mask(None, "info", {"event": "sent 123456 to a.b+c@example.org", "n": 123456, "request_id": "123456"})
    assert event == {"event": "sent [six digits] to [e-mail]", "n": 123456, "request_id": "123456"}


def test_a_stack_trace_is_one_line_and_masked(json_logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    configure({"level": "INFO", "format": "json"})
    try:
        raise ValueError("a.b@example.org")
    except ValueError:
        logging.getLogger("library").exception("failed")
    (row,) = lines(capsys)
    assert "ValueError" in str(row["exception"])
    assert "example.org" not in json.dumps(row)


def test_the_logs_of_every_test_are_searched(log_watch: LogWatch) -> None:
    """The control of the fixture that watches the whole suite: what may not be said is heard, whoever says it."""
    token = secrets.token_urlsafe(24)
    log = logging.getLogger("library")
    for words in ("passport %s", "who: %s"):
        log.warning(words, ALICE.passport_number)
    log.info("link %s", token)
    log.info("for %s", new_reference())
    structlog.get_logger("ours").info("key", value=settings.INDEX_KEY)
    assert len(log_watch.leaks) == 5
    log_watch.leaks.clear()
    log.warning("code 123456 to alice@example.org")
    log.info("request", extra={"route": "my/<str:reference>/", "status": 200})
    assert not log_watch.leaks
    assert log_watch.lines >= 7
