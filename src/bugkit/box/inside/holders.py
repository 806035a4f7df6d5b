"""What a notebook's own objects hold, wherever it is kept: in closures, attributes, bound arguments, items."""

from __future__ import annotations

import functools
import types
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
    names = [name for name in namespace if not name.startswith("_") and name not in ("In", "Out")]
    waiting = deque(namespace[name] for name in names)
    while waiting and len(seen) < MOST_OBJECTS:
        value = waiting.popleft()
        if id(value) in seen or isinstance(value, (str, bytes, int, float, type(None))):
            continue
        seen.add(id(value))
        yield value
        waiting.extend(_inner(value))


def _inner(value: Any) -> list[Any]:
    inner: list[Any] = []
    if isinstance(value, (list, tuple, set, frozenset, deque, dict)):
        if len(value) <= MOST_ITEMS:
            inner = list(value.values() if isinstance(value, dict) else value)
    elif isinstance(value, functools.partial):
        inner = [value.func, value.args, value.keywords]
    elif isinstance(value, types.MethodType):
        inner = [value.__func__, value.__self__]
    elif isinstance(value, types.FunctionType):
        inner = [*(value.__closure__ or ()), *(value.__defaults__ or ()), value.__dict__]
    elif isinstance(value, types.CellType):
        inner = [value.cell_contents] if is_filled(value) else []
    elif _is_their_own(value):
        inner = [vars(value)]
    return inner


def _restore_of(value: Any) -> Restore | None:
    """Put the contents back into the same object: others may hold it, too."""
    if isinstance(value, (list, deque)):
        items = list(value)
        return functools.partial(_refill, value, items) if len(items) <= MOST_ITEMS else None
    if isinstance(value, (dict, set)):
        return functools.partial(_update, value, value.copy()) if len(value) <= MOST_ITEMS else None
    if isinstance(value, types.CellType) and is_filled(value):
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
