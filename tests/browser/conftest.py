"""The stage of the browser tests, kept across the truncation that a live server needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cast import Scene, make_scene

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    """Algiers: a first-come passport service and a drawn visa service."""
    return make_scene()


@pytest.fixture(autouse=True)
def _own_origin(settings: Settings, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The payment service sends people back to the public origin: here, and for workers, that is the live server."""
    settings.PUBLIC_ORIGIN = live_server.url
    monkeypatch.setenv("PORT", live_server.url.rpartition(":")[2])
