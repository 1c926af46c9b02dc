"""The scene of the appointments' tests, for the records that the whole application makes."""

import pytest

from tests.cast import Scene, make_scene


@pytest.fixture
def scene(db: None) -> Scene:
    return make_scene()
