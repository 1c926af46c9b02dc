"""A crowd of real processes that do one thing at the same moment."""

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

from tests.concurrency.forked import own_connections

_fork = multiprocessing.get_context("fork")
PATIENCE_SECONDS = 60


def _act(action: Callable[[Any], str], argument: Any, barrier: Any, results: Any, position: int) -> None:
    try:
        own_connections()
        connections["default"].ensure_connection()
        barrier.wait(PATIENCE_SECONDS)
        outcome = action(argument)
    except Exception as error:  # noqa: BLE001 - an unexpected error is a result that the test will see
        outcome = f"error: {type(error).__name__}: {error}"
    connections.close_all()
    results.put((position, outcome))


def at_once(action: Callable[[Any], str], arguments: Sequence[Any]) -> list[str]:
    """Call `action(argument)` in one process per argument, all starting together; their results in order."""
    connections.close_all()
    barrier = _fork.Barrier(len(arguments))
    results = _fork.Queue()
    crowd = [
        _fork.Process(target=_act, args=(action, argument, barrier, results, position))
        for position, argument in enumerate(arguments)
    ]
    for process in crowd:
        process.start()
    found = dict(results.get(timeout=PATIENCE_SECONDS) for _ in crowd)
    for process in crowd:
        process.join(PATIENCE_SECONDS)
    return [found[position] for position in range(len(arguments))]
