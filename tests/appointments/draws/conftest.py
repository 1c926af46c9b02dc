"""Fixtures of the draws: a relay that repeats recorded rounds."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.appointments.draws import stage


@pytest.fixture
def relay(settings: Settings) -> Iterator[stage.Relay]:
    """The only relay that the project knows while the test runs."""
    with stage.relay() as known:
        settings.RANDOMNESS = "drand"
        settings.DRAND_RELAYS = [known.url]
        yield known
