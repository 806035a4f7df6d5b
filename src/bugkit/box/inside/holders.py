"""What a notebook's own objects hold, wherever it is kept: in closures, attributes, bound arguments, items."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

MOST_OBJECTS = 20_000
MOST_ITEMS = 1_000  # of a list: not the history of a long training
Restore = Callable[[], None]


def saved(namespace: dict[str, Any]) -> tuple[list[Restore], list[np.ndarray[Any, Any]]]:
    """Functions that put each holder's contents back, and the arrays that were found on the way."""
    found, arrays = list(_reachable(namespace)), []
    restores = []
    for value in found:
        if isinstance(value, np.ndarray):
            if value.dtype != object:
                arrays.append(value)
        elif (restore := _restore_of(value)) is not None:
            restores.append(restore)
    return restores, arrays


def _reachable(namespace: dict[str, Any]) -> Iterator[Any]:
    """Every holder that the names lead to, each once, the near ones first."""
    seen: set[int] = {id(namespace)}
    waiting = deque(value for name, value in namespace.items() if not name.startswith("_") and name not in ("In", "Out"))
    while waiting and len(seen) < MOST_OBJECTS:
        value = waiting.popleft()
        if id(value) in seen or isinstance(value, (str, bytes, int, float, type(None))):
            continue
        seen.add(id(value))
        yield value
        waiting.extend(_inner(value))


def _inner(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        return list(value) if len(value) <= MOST_ITEMS else []
    if isinstance(value, dict):
        return list(value.values()) if len(value) <= MOST_ITEMS else []
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if hasattr(value, "__func__"):
        return [value.__func__, value.__self__]
    if hasattr(value, "__closure__"):
        return [*(value.__closure__ or ()), *(value.__defaults__ or ()), value.__dict__]
    if type(value).__name__ == "cell":
        return [value.cell_contents] if is_filled(value) else []
    return [vars(value)] if _is_their_own(value) else []


def _restore_of(value: Any) -> Restore | None:
    """Put the contents back into the same object: others may hold it, too."""
    if isinstance(value, (list, deque)):
        items = list(value)
        return functools.partial(_refill, value, items) if len(items) <= MOST_ITEMS else None
    if isinstance(value, (dict, set)):
        return functools.partial(_update, value, value.copy()) if len(value) <= MOST_ITEMS else None
    if type(value).__name__ == "cell" and is_filled(value):
        return functools.partial(setattr, value, "cell_contents", value.cell_contents)
    return None


def _refill(holder: Any, items: list[Any]) -> None:
    holder.clear()
    holder.extend(items)


def _update(holder: Any, contents: Any) -> None:
    holder.clear()
    holder.update(contents)


def _is_their_own(value: Any) -> bool:
    """Whether an object is of a class that the notebook defined; torch's are put back by their own rules."""
    own = type(value).__module__ == "__main__" and hasattr(value, "__dict__")
    return own and not isinstance(value, type) and not hasattr(value, "_parameters")


def is_filled(cell: Any) -> bool:
    """Whether a closure's cell has contents yet."""
    try:
        cell.cell_contents  # noqa: B018 - asking is the test
    except ValueError:
        return False
    return True
