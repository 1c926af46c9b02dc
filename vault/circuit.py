"""A part that does not answer is asked once, and then left alone for a moment, so that nobody waits for it again."""

import threading
import time


class Circuit:
    """What a process remembers about one part outside of it. Threads share it."""

    def __init__(self, pause_seconds: float) -> None:
        """`pause_seconds`: how long nobody asks after a failure; then one asks, and the others wait for its answer."""
        self.pause_seconds = pause_seconds
        self._away_until = 0.0
        self._tripped = False
        self._guard = threading.Lock()

    def may_ask(self) -> bool:
        """Whether to ask now. After the pause only one caller is told yes, until it has reported how it went."""
        if not self._tripped:
            return True
        with self._guard:
            now = time.monotonic()
            if now < self._away_until:
                return False
            self._away_until = now + self.pause_seconds
            return True

    def failed(self) -> None:
        """It did not answer."""
        with self._guard:
            self._tripped = True
            self._away_until = time.monotonic() + self.pause_seconds

    def answered(self) -> None:
        """It answers (again)."""
        self._tripped = False


VALKEY = Circuit(pause_seconds=1.0)
"""The one that limits, cache and the kicks of background work share."""
