"""The order of events: whoever acts is a generator that says how long it waits, or for what."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator

from lab.clock import Clock


class Signal:
    """Something that several may wait for; all of them go on when it is raised."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self.waiting: list[Life] = []


Life = Generator["float | Signal", None, None]
"""Yields seconds to wait, or the signal to wait for."""


class Agenda:
    """A heap of lives by the instant at which each goes on."""

    def __init__(self, clock: Clock, until: float) -> None:
        """`until` is the end in seconds; what would happen later does not happen."""
        self.clock = clock
        self.until = until
        self.events = 0
        self._heap: list[tuple[float, int, Life]] = []
        self._number = itertools.count()

    def start(self, life: Life, at: float = 0.0) -> None:
        """Let a life begin at `at` seconds, or now if that is past."""
        heapq.heappush(self._heap, (max(at, self.clock.seconds), next(self._number), life))

    def call(self, act: Callable[[], object], at: float) -> None:
        """Do something once at `at` seconds."""

        def once() -> Life:
            act()
            yield from ()

        self.start(once(), at)

    def release(self, signal: Signal) -> None:
        """Wake everybody who waits for `signal`."""
        woken, signal.waiting = signal.waiting, []
        for life in woken:
            self.start(life)

    def run(self, progress: Callable[[float], None]) -> None:
        """Play until the end; `progress` is told of the simulated seconds that have passed."""
        while self._heap:
            at, _, life = heapq.heappop(self._heap)
            if at > self.until:
                break
            self.clock.move_to(at)
            self.events += 1
            pause = next(life, None)
            if isinstance(pause, Signal):
                pause.waiting.append(life)
            elif pause is not None:
                self.start(life, at + max(0.0, pause))
            if self.events % 200 == 0:
                progress(at)
        progress(self.until)
