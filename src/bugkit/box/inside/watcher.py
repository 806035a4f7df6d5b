"""What any training leaves to see, whatever its style: the calls of a model that the training learned from.

A call counts when a gradient comes back to its output, or when it is made inside a transform of ``torch.func``.
Nothing here may change a result, raise, or take a tenth of the training: what cannot be seen is ``unavailable``.
``benchmarks/audit.py`` measures what it takes. Torch's hooks for every module's call would take half of that alone,
for they are called for the smallest layer, too; so one function in the place of ``Module.__call__``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.optim import optimizer as optimizers

from bugkit.box.inside.asked import modules_of
from bugkit.box.inside.ledger import MAX_MOMENTS, Call, Ledger, Samples
from bugkit.box.inside.rounds import Rounds
from bugkit.box.inside.tensors import tensors_in
from bugkit.box.job import Job

Arrays = dict[str, np.ndarray[Any, Any]]
_transform = torch._C._functorch.peek_interpreter_stack
_tracing = torch._C._get_tracing_state
_called: Callable[..., Any] = torch.nn.Module.__call__
_watching: Callable[..., Any] | None = None


def _routed(module: Any, *args: Any, **kwargs: Any) -> Any:
    """``Module.__call__`` from the import of this module on, which is before any run.

    To exchange it for each run would take 6 ms: Python forgets what it knows of the methods of all kinds of modules.
    """
    return (_watching or _called)(module, *args, **kwargs)


torch.nn.Module.__call__ = _routed


class Watcher:
    """Watches inside a ``with``; then `finish` tells which calls made the model that is asked for."""

    def __init__(self, job: Job, on_step: Callable[[int], None]) -> None:
        self._names = job.names
        self._on_step = on_step
        self._handles: list[Any] = []
        self._ledgers: dict[int, Ledger] = {}
        self._calls = 0
        self._samples = Samples(job.seed, job.max_steps)
        self._rounds = Rounds(self._samples)
        self._chosen: list[Ledger] = []
        self._are_own = self._are_asked = False
        self.trouble = ""  # why nothing is watched any more

    def __enter__(self) -> Watcher:
        global _watching  # noqa: PLW0603 - a process has one run
        _watching = self._wrapped(_called)
        self._handles = [
            optimizers.register_optimizer_step_pre_hook(self._before_step),
            optimizers.register_optimizer_step_post_hook(self._after_step),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        global _watching  # noqa: PLW0603 - as above
        _watching = None
        for handle in self._handles:
            handle.remove()

    def finish(self, namespace: dict[str, Any]) -> None:
        """Choose the calls of the modules that are asked for in the end; of all where none of these was called."""
        if self.trouble:
            return
        try:
            asked = modules_of(namespace, self._names)
            parameters = {id(p) for one in asked for p in one.parameters()}
            kinds = {type(one) for one in asked}
            called = [one for one in self._ledgers.values() if one.count]
            own = [one for one in called if one.holds_any(parameters)]
            same = own or [one for one in called if one.kind in kinds]
            self._chosen, self._are_own, self._are_asked = same or called, bool(own), bool(same)
            first = {id(p) for one in asked[:1] for p in one.parameters()}
            self._chosen.sort(key=lambda one: not one.holds_any(first))
            for one in self._chosen:
                one.close(self._rounds.steps)
        except Exception as error:  # noqa: BLE001 - the learner's objects may do anything
            self._give_up(error)

    @property
    def steps(self) -> int:
        """How often the training changed what is asked for: networks that were trained one after the other add up."""
        if self.trouble or not self._chosen:
            return self._rounds.count
        if not self._are_own:  # copies were kept of it, and trials of its kind may have come before
            return max(one.taken for one in self._chosen)
        before = at_once = end = 0
        for one in sorted(self._chosen, key=lambda one: one.first):
            if one.first > end:
                before, at_once = before + at_once, 0
            at_once, end = max(at_once, one.taken), max(end, one.last)
        return before + at_once

    def told(self) -> tuple[dict[str, Any], Arrays]:
        """The calls, as they cross the wall; see ``bugkit.audit``."""
        calls = [] if self.trouble else sorted((c for one in self._chosen for c in one.calls), key=lambda c: c.number)
        gone = [some for one in self._chosen for some in one.forgotten]
        parameters = {id(p) for one in self._chosen for p in one.parameters}
        made = sum(one.count for one in self._chosen)
        header = {"trouble": self.trouble, "steps": self.steps, "made": made, "asked": self._are_asked}
        return header, {**_table(calls), **_tensors_of(calls), **self._rounds.told(parameters, gone)}

    def moments(self) -> Arrays:
        """The weights before and after some of the steps, flattened in the order that ``parameters()`` has in the end.

        They are of one module: of the first that is asked for, unless one of another kind has more.
        """
        most = max(self._chosen, key=lambda one: len(one.moments), default=None)
        first = next((one for one in self._chosen if one.moments and most and one.kind is most.kind), most)
        some = first.moments if first and not self.trouble else []
        out: Arrays = {}
        for moment in some[:: -(-len(some) // MAX_MOMENTS) or 1]:
            number = moment.call.number
            out[f"{number} before"], out[f"{number} after"] = moment.flat()
        return out

    def _wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """``Module.__call__`` that tells of the outermost calls."""
        inside = False  # a call in a second thread meanwhile is not seen
        is_compiling = torch.compiler.is_compiling

        def call(module: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            if inside or is_compiling() or _tracing() is not None:  # a trace would keep what is done to look
                return original(module, *args, **kwargs)
            inside = True
            try:
                output = original(module, *args, **kwargs)
            finally:
                inside = False
            if not self.trouble:
                self._called(module, args, kwargs, output)
            return output

        return call

    def _called(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        try:
            transformed = _transform() is not None
            if not (transformed or torch.is_grad_enabled()):
                return
            if isinstance(output, torch.Tensor):
                learning = output if transformed or output.requires_grad else None
            else:
                learning = next((t for t in tensors_in(output) if transformed or t.requires_grad), None)
            if learning is None:
                return
            ledger = self._ledgers.get(id(module))
            if ledger is None or ledger.ref() is not module:
                ledger = self._ledgers[id(module)] = Ledger(module, self._samples)
            if not ledger.parameters:  # a loss has none
                return
            self._calls += 1
            ledger.first, ledger.last = ledger.first or self._calls, self._calls
            if not ledger.called(self._rounds.steps, transformed=transformed):
                return
            call = ledger.look((*args, *kwargs.values()), learning, self._calls)
            if transformed:
                self._learned(ledger, call, None)
            else:
                learning.register_hook(lambda slope: self._learned(ledger, call, slope))
        except Exception as error:  # noqa: BLE001 - the learner's objects may do anything
            self._give_up(error)

    def _learned(self, ledger: Ledger, call: Call, slope: Any) -> None:
        try:
            if not (call.learned or self.trouble):
                ledger.learned(call, slope, alone=self._calls == call.number)
                self._on_step(max(ledger.taken, self._rounds.count))
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)

    def _before_step(self, optimizer: Any, *_: Any) -> None:
        try:
            self._rounds.before(optimizer)
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)

    def _after_step(self, optimizer: Any, *_: Any) -> None:
        try:
            self._rounds.after(optimizer)
            self._on_step(self._rounds.count)
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self.trouble = f"{type(error).__name__}: {error}"[:200]


def _table(calls: list[Call]) -> Arrays:
    return {
        "number": np.array([c.number for c in calls], dtype=np.int64),
        "step": np.array([c.step for c in calls], dtype=np.int64),
        "rows": np.array([c.rows for c in calls], dtype=np.int64),
        "training": np.array([c.training for c in calls], dtype=np.float64),
        "left_over": np.array([c.left_over for c in calls], dtype=np.float64),
    }


def _tensors_of(calls: list[Call]) -> Arrays:
    """What the calls were given and gave, one flat array for each place, with its shapes: (kept calls, 1 + dims)."""
    places: dict[str, list[tuple[int, np.ndarray[Any, Any]]]] = {}
    for index, call in enumerate(calls):
        for place, array in call.arrays():
            places.setdefault(place, []).append((index, array))
    out: Arrays = {}
    for place, kept in places.items():
        deepest = max(array.ndim for _, array in kept)
        shapes = [[index, *array.shape, *[-1] * (deepest - array.ndim)] for index, array in kept]
        out[f"{place} shapes"] = np.array(shapes, dtype=np.int64)
        out[place] = np.concatenate([array.reshape(-1) for _, array in kept])
    return out
