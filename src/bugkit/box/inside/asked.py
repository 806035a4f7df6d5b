"""The modules that the checks ask for in the end: by name, or behind the functions of these names."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

from torch.nn import Module

from bugkit.box.inside.holders import is_filled

DEEPEST = 4  # a function that calls a function that uses the model
MOST = 200  # objects in a list or dict that are looked at


def modules_of(namespace: dict[str, Any], names: Sequence[str]) -> list[Any]:
    """The modules among the names; else those that the named functions and objects use; else all that have a name."""
    asked = [namespace[name] for name in names if name in namespace]
    direct = [one for one in asked if isinstance(one, Module)]
    if direct:
        return direct
    used = {id(m): m for one in asked for m in _used(one, namespace, DEEPEST, set()) if isinstance(m, Module)}
    return list(used.values()) or [one for one in namespace.values() if isinstance(one, Module)]


def _used(value: Any, namespace: dict[str, Any], depth: int, seen: set[int]) -> Iterator[Any]:
    """The object, and what it refers to: names that its code mentions, closures, attributes, items."""
    if id(value) in seen or depth < 0:
        return
    seen.add(id(value))
    yield value
    if isinstance(value, Module):
        return
    for inner in _inner(value, namespace):
        yield from _used(inner, namespace, depth - 1, seen)


def _inner(value: Any, namespace: dict[str, Any]) -> list[Any]:
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    function = getattr(value, "__func__", value)
    code = getattr(function, "__code__", None)
    if code is not None:
        cells = [cell.cell_contents for cell in function.__closure__ or () if is_filled(cell)]
        named = [namespace[name] for name in code.co_names if name in namespace]
        return [*named, *cells, *(function.__defaults__ or ()), getattr(value, "__self__", None)]
    if isinstance(value, (list, tuple)):
        return list(value[:MOST])
    if isinstance(value, dict):
        return list(value.values())[:MOST]
    if type(value).__module__ == "__main__":
        methods = [one for one in vars(type(value)).values() if callable(one)]
        return [*vars(value).values(), *methods] if hasattr(value, "__dict__") else []
    return []
