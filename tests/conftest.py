"""Fixtures for every test: both databases, a Valkey number of one's own, a browser, real processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from django.conf import settings

from tests import databases
from tests.processes import Worker

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django import DjangoDbBlocker
    from pytest_django.live_server_helper import LiveServer

    from tests.log_watch import LogWatch

# Playwright's synchronous interface keeps an event loop in this thread; Django would take our queries for a mistake.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "client_with_db", "django_db_reset_sequences"}
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Open both databases to every test that has one, and keep the browser tests together on one process."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            options = {"databases": ["default", "vault_keys"], **(marker.kwargs if marker else {})}
            item.add_marker(pytest.mark.django_db(**options), append=False)
        if {"page", "browser_context", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Databases of this process, copied from a migrated template: migrating takes longer than most tests together."""
    with django_db_blocker.unblock():
        databases.create()
    yield
    with django_db_blocker.unblock():
        databases.drop()


@pytest.fixture(scope="session")
def valkey() -> Iterator[redis.Redis]:
    """A connection to this process's own database number."""
    connection = redis.Redis.from_url(settings.REDIS_URL)
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    # What a process remembers for some seconds: of a Valkey that was away, of letters that were late, of a policy.
    from antibot.queries import policies
    from mailroom import lateness
    from vault.circuit import VALKEY

    VALKEY.answered()
    lateness.forget()
    policies.forget()


@pytest.fixture(autouse=True)
def _empty_valkey(request: pytest.FixtureRequest) -> None:
    # Only ever a number that the settings claimed for this process: never somebody's own Redis.
    if settings.OWNS_REDIS:
        request.getfixturevalue("valkey").flushdb()


@pytest.fixture(scope="session")
def log_watch() -> LogWatch:
    """Listens to all logs of this process."""
    from tests.log_watch import WATCH

    WATCH.remember_tokens()
    return WATCH


@pytest.fixture(autouse=True)
def _nothing_personal_in_logs(log_watch: LogWatch) -> Iterator[None]:
    """Each test, whatever it is about, fails where the logs of its run gave something away."""
    log_watch.listen()
    log_watch.leaks.clear()
    yield
    assert not log_watch.leaks, "\n".join(log_watch.leaks)


@pytest.fixture
def queued(valkey: redis.Redis) -> Callable[[], list[str]]:
    """A function that tells the names of the tasks that wait in the queue, oldest first."""
    import json

    def names() -> list[str]:
        waiting = valkey.lrange("celery:celery", 0, -1)
        return [str(json.loads(row)["headers"]["task"]) for row in reversed(list(waiting))]  # type: ignore[arg-type]

    return names


@pytest.fixture
def real_worker(transactional_db: None, tmp_path: Path) -> Iterator[Worker]:
    """A real Celery worker on this test's databases; its letters are files in `real_worker.mailbox`."""
    with Worker(tmp_path) as worker:
        yield worker


@pytest.fixture
def assert_no_violations(db: None) -> Iterator[None]:
    """After the test every invariant is derived again from the tables."""
    yield
    from django.core.management import call_command

    call_command("check_integrity", verbosity=0)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    from playwright.sync_api import sync_playwright

    from devtool.testing import browser as find_browser

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), headless=True, args=list(CHROMIUM_ARGUMENTS), timeout=60_000
        )
        yield chromium
        chromium.close()


@pytest.fixture
def browser_context(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A fresh profile, as of a phone, whose addresses are relative to the live server."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, locale="fr-FR", timezone_id="Africa/Algiers"
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    """One page of that profile."""
    return browser_context.new_page()
