"""The stage that most tests of the appointments stand on."""

import pytest

from tests.cast import Scene, make_scene


@pytest.fixture
def scene(db: None) -> Scene:
    """Algiers: a first-come passport service and a drawn visa service."""
    return make_scene()
