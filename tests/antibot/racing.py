"""Several threads through one door at the same moment, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(act: Callable[[int], Any], count: int = 8) -> list[Any]:
    """Run `act(0..count-1)` in threads that start together; results or errors in order."""
    gate = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        try:
            gate.wait(timeout=20)
            results[number] = act(number)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


class SlowDeletes:
    """A database that takes its time before a DELETE: widens a window between look and act, for everybody alike."""

    def __init__(self, seconds: float = 0.03) -> None:
        self.seconds = seconds

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("DELETE"):
            threading.Event().wait(self.seconds)
        return execute(sql, params, many, context)
