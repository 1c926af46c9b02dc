"""The world of the matrix, for the tests that walk through it."""

import pytest

from tests.accounts.matrix_world import World, build_world


@pytest.fixture
def world(db: None) -> World:
    """Rows of two posts that look alike."""
    return build_world()
