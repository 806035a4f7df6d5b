"""The state of a finished run, so that every check starts from it and none sees another's traces.

A fork per check would be simpler, but hangs after a learner's ``torch.set_num_threads(2)`` (a lock of the thread
pool is copied in its held state), and there is none on every system.
"""

from __future__ import annotations

import copy
import gc
import random
import sys
from typing import Any

import numpy as np

from bugkit.box.inside.holders import saved


class Checkpoint:
    """Weights, gradients, modes, optimizers, schedules, arrays, generators and what the notebook's objects hold."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._names = dict(namespace)
        self._holders, arrays = saved(namespace)
        self._arrays = [(array, array.copy()) for array in arrays]
        self._random = (random.getstate(), np.random.get_state())
        self._torch = _TorchState(namespace) if "torch" in sys.modules else None

    def restore(self) -> None:
        """Put everything back in place, so that references between the objects stay."""
        for name in [name for name in self._namespace if name not in self._names]:
            del self._namespace[name]
        self._namespace.update(self._names)
        for restore in self._holders:
            restore()
        for array, values in self._arrays:
            if array.flags.writeable:
                array[...] = values
        random.setstate(self._random[0])
        np.random.set_state(self._random[1])
        if self._torch is not None:
            self._torch.restore()


class _TorchState:
    """What torch objects hold: tensors by value, the rest by a copy of their attributes."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        import torch

        self._torch = torch
        holders = (torch.nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler)
        objects = gc.get_objects()
        # of ten thousand objects there are few types, and asking a type costs a tenth of asking the object
        wanted = {kind for kind in set(map(type, objects)) if issubclass(kind, (torch.Tensor, *holders))}
        found = [o for o in objects if type(o) in wanted]
        tensors = [t for t in found if isinstance(t, torch.Tensor) and t.layout == torch.strided and not t.is_meta]
        with torch.no_grad():
            self._tensors = [(t, t.detach().clone(), _grad(t)) for t in tensors]
        self._holders = [(h, _attributes(h)) for h in found if isinstance(h, holders)]
        generators = [g for g in namespace.values() if isinstance(g, torch.Generator)]
        self._generators = [(g, g.get_state()) for g in [torch.default_generator, *generators]]

    def restore(self) -> None:
        for holder, attributes in self._holders:
            _put_back(holder, attributes)
        with self._torch.no_grad():
            for tensor, value, grad in self._tensors:
                if tensor.shape == value.shape:
                    tensor.data.copy_(value)
                if tensor.is_leaf and tensor.requires_grad:
                    tensor.grad = None if grad is None else grad.clone()
        for generator, state in self._generators:
            generator.set_state(state)


def _grad(tensor: Any) -> Any:
    return tensor.grad.detach().clone() if tensor.is_leaf and tensor.grad is not None else None


def _attributes(holder: Any) -> dict[str, Any]:
    """The attributes, with dicts and lists copied two levels deep: an optimizer's groups are a list of dicts."""
    return {name: _copied(value, depth=2) for name, value in vars(holder).items()}


def _copied(value: Any, *, depth: int) -> Any:
    if depth and isinstance(value, dict):
        out = copy.copy(value)
        for key, inner in value.items():
            out[key] = _copied(inner, depth=depth - 1)
        return out
    if depth and isinstance(value, list):
        return [_copied(inner, depth=depth - 1) for inner in value]
    return value


def _put_back(holder: Any, attributes: dict[str, Any]) -> None:
    for name in [name for name in vars(holder) if name not in attributes]:
        del holder.__dict__[name]
    holder.__dict__.update({name: _copied(value, depth=2) for name, value in attributes.items()})
