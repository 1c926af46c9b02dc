"""A short run over every address and parser; `dev.py bench fuzz` makes a hundred thousand inputs the same way."""

from __future__ import annotations

import pytest

from tests.security.fuzzing import Fuzzer, targets
from tests.security.world import World, make_world

pytestmark = pytest.mark.django_db
INPUTS = 300


@pytest.fixture
def world() -> World:
    return make_world()


def test_nothing_that_is_sent_is_an_error_of_ours_or_slow(world: World) -> None:
    report = Fuzzer(world, seed=1).run(0, INPUTS)
    assert not report.findings, str(report)
    assert report.inputs == INPUTS
    assert report.statuses[200] > INPUTS // 20
    assert report.statuses[302] + report.statuses[404] + report.statuses[405] > INPUTS // 20


def test_every_part_of_an_address_is_known(world: World) -> None:
    """Whoever adds an address with a new kind of part learns here that the fuzzing has to be taught it."""
    assert all(target.path(world.known).startswith("/") for target in targets())


def test_every_address_is_among_the_targets() -> None:
    routes = {target.route for target in targets()}
    for known in ("", "my/<str:reference>/pay/", "antibot/webhook/<slug:gateway>/", "admin/archives/import/"):
        assert known in routes
    assert len(routes) > 150
