"""New boxes, the next ones warm already: between two people's notebooks nobody waits for an import of torch."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from bugkit.box.job import Runs


class BoxPool:
    """Boxes of one kind. A box warms up by itself, so one that was made early is warm when it is taken."""

    def __init__(self, make: Callable[[], Runs], ahead: int = 0) -> None:
        self._make = make
        self._ahead = ahead
        self._lock = threading.Lock()
        self._waiting: deque[Runs] = deque()

    def take(self) -> Runs:
        """One that nobody has used; its taker closes it."""
        with self._lock:
            box = self._waiting.popleft() if self._waiting else self._make()
            while len(self._waiting) < self._ahead:
                self._waiting.append(self._make())
            return box

    def close(self) -> None:
        """End those that nobody took."""
        with self._lock:
            self._ahead = 0
            while self._waiting:
                self._waiting.popleft().close()
