"""A run whose training is not watched: without torch there is nothing that all styles have in common."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]


class Watching(Protocol):
    """In force inside a ``with``; `finish` comes after the last cell, then it can be asked."""

    def __enter__(self) -> Any: ...
    def __exit__(self, *_: object) -> None: ...
    def finish(self, namespace: dict[str, Any]) -> None: ...  # noqa: D102
    @property
    def steps(self) -> int: ...  # noqa: D102 - 0 where they were not seen
    def told(self) -> tuple[dict[str, Any], Arrays]: ...  # noqa: D102
    def moments(self) -> Arrays: ...  # noqa: D102


class Unwatched:
    """Sees nothing."""

    steps = 0

    def __enter__(self) -> Unwatched:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was in force."""

    def finish(self, namespace: dict[str, Any]) -> None:
        """Nothing was seen."""

    def told(self) -> tuple[dict[str, Any], Arrays]:
        """No call."""
        columns = ("number", "step", "rows", "training", "left_over", "rate", "norm")
        return {"trouble": "", "steps": 0, "made": 0, "asked": False}, {name: np.zeros(0) for name in columns}

    def moments(self) -> Arrays:
        """None."""
        return {}
