"""What is written down while the notebook trains: steps always; gradients and batches where a check wants them.

Only torch's public hooks are used, and one wrapper around ``torch.autograd.backward``, which has none.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from bugkit.box.job import Job

MAX_BATCH_BYTES = 24 << 20


class Recorder:
    """Hooks that are in force inside a ``with``. ``arrays`` gives what was written down:

    - ``lr``, ``grad_norm`` (steps,): at each optimiser step, the first group's rate and the norm of all gradients
    - ``left_over`` (backward passes,): norm of the gradients that were made before the last change of their
      parameters and are still there when a backward pass begins; 0 in a loop that clears them
    - ``inputs`` (rows, ...) and ``call`` (rows,): what the outermost module was fed in training mode, and in which call
    """

    def __init__(self, job: Job, on_step: Callable[[int], None]) -> None:
        self._on = bool(job.arrays == "torch" and "torch" in sys.modules)
        self._gradients = self._on and "gradients" in job.record
        self._batches = self._on and "batches" in job.record
        self._on_step = on_step
        self._handles: list[Any] = []
        self.steps = 0
        self._lr: list[float] = []
        self._grad_norm: list[float] = []
        self._left_over: list[float] = []
        self._seen: dict[int, tuple[int, float]] = {}
        self._inputs: list[np.ndarray[Any, Any]] = []
        self._bytes = 0
        self._depth = 0

    def __enter__(self) -> Recorder:
        if self._on:
            from torch.optim.optimizer import register_optimizer_step_post_hook

            self._handles.append(register_optimizer_step_post_hook(self._after_step))
        if self._gradients:
            self._watch_gradients()
        if self._batches:
            from torch.nn.modules import module

            self._handles.append(module.register_module_forward_pre_hook(self._before_forward))
            self._handles.append(module.register_module_forward_hook(self._after_forward, always_call=True))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        if self._gradients:
            import torch

            torch.autograd.backward = self._backward

    @property
    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """What was written down, by name."""
        out = {
            "lr": np.array(self._lr),
            "grad_norm": np.array(self._grad_norm),
            "left_over": np.array(self._left_over),
        }
        shapes = {batch.shape[1:] for batch in self._inputs}
        if len(shapes) == 1:
            out["inputs"] = np.concatenate(self._inputs)
            out["call"] = np.repeat(np.arange(len(self._inputs)), [len(batch) for batch in self._inputs])
        return out

    def _after_step(self, *_: Any) -> None:
        self.steps += 1
        self._on_step(self.steps)

    def _watch_gradients(self) -> None:
        import torch
        from torch.optim.optimizer import register_optimizer_step_pre_hook

        self._backward = original = torch.autograd.backward

        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            leaves = _leaves(tensors)
            self._left_over.append(_norm([p.grad for p in leaves if self._stale(p)]))
            original(tensors, *args, **kwargs)
            self._seen.update((id(p), _mark(p)) for p in leaves)

        torch.autograd.backward = backward
        self._handles.append(register_optimizer_step_pre_hook(self._before_step))

    def _before_step(self, optimizer: Any, *_: Any) -> None:
        groups = optimizer.param_groups
        self._lr.append(float(groups[0]["lr"]))
        self._grad_norm.append(_norm([p.grad for group in groups for p in group["params"]]))

    def _stale(self, parameter: Any) -> bool:
        """Whether a gradient is there and its parameter has changed since that gradient was made."""
        known = self._seen.get(id(parameter))
        return parameter.grad is not None and known is not None and known != _mark(parameter)

    def _before_forward(self, module: Any, args: Any) -> None:
        import torch

        self._depth += 1
        # a loss may be a module too; what learns has parameters
        learns = self._depth == 1 and next(module.parameters(), None) is not None
        training = learns and module.training and torch.is_grad_enabled()
        if training and args and isinstance(args[0], torch.Tensor) and args[0].dim() and self._bytes < MAX_BATCH_BYTES:
            batch = args[0].detach().cpu().numpy().copy()
            self._inputs.append(batch)
            self._bytes += batch.nbytes

    def _after_forward(self, *_: Any) -> None:
        self._depth -= 1


def _leaves(tensors: Any) -> list[Any]:
    """The leaf tensors that a backward pass from here reaches, each once."""
    roots = tensors if isinstance(tensors, (list, tuple)) else [tensors]
    nodes = [t.grad_fn for t in roots if getattr(t, "grad_fn", None) is not None]
    seen, leaves = set(nodes), []
    while nodes:
        node = nodes.pop()
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        for child, _ in node.next_functions:
            if child is not None and child not in seen:
                seen.add(child)
                nodes.append(child)
    return leaves


def _mark(parameter: Any) -> tuple[int, float]:
    """Changes when the parameter does: its version counter, and its sum for updates through ``.data``."""
    return parameter._version, float(parameter.detach().sum())


def _norm(gradients: list[Any]) -> float:
    squares = [float(g.detach().float().pow(2).sum()) for g in gradients if g is not None and not g.is_sparse]
    return math.sqrt(sum(squares)) if squares else 0.0
