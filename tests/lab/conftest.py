"""Short weeks for continuous integration: played once a module, inside a transaction that is undone at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from lab.figures import Result
from lab.play import Played, play
from lab.results import result_of
from lab.scenario import PolicyNumbers, Scenario

Play = Callable[..., Result]


@pytest.fixture(scope="session")
def played(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Play]:
    """`played(scenario, policy)` gives the figures of a run; nothing of it is left in the database."""
    known: dict[Any, Result] = {}

    def run(
        scenario: Scenario, policy: PolicyNumbers, finish: Callable[[Played], Any] = result_of, **changes: Any
    ) -> Any:
        key = repr((scenario, policy, finish.__name__, changes))
        if key not in known:
            with django_db_blocker.unblock(), transaction.atomic():
                known[key] = play(replace(scenario, **changes), policy, finish)
                transaction.set_rollback(True)
        return known[key]

    return run
