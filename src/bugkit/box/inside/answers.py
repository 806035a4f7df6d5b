"""Answers to the trusted side's questions: calls of the notebook's names, and a few lines of a check's own."""

from __future__ import annotations

import builtins
import numbers
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from bugkit.box.frames import pack
from bugkit.box.inside import cells
from bugkit.box.inside.checkpoint import Checkpoint
from bugkit.box.inside.unwatched import Watching
from bugkit.box.job import Job
from bugkit.errors import FrameError

Answer = tuple[dict[str, Any], dict[str, Any]]


class Answers:
    """Answers about one finished run. A question is a header with ``ask`` and named arrays."""

    def __init__(self, namespace: dict[str, Any], job: Job, watcher: Watching) -> None:
        self._namespace = namespace
        self._names = job.names
        self._as_tensors = job.arrays == "torch"
        self._watcher = watcher
        self._checkpoint = Checkpoint(namespace)
        self._touched = False  # whether code of the notebook's or of a check's ran since the checkpoint was in force

    def to(self, question: dict[str, Any], arrays: dict[str, Any]) -> Answer:
        """The answer; what goes wrong in the learner's code is an answer too (``missing``, ``raised``, ``odd``)."""
        try:
            answer = getattr(self, f"_{question['ask']}")(question, arrays)
            pack(*answer)  # an array that cannot cross is found here, where it can still be told
        except _MissingNameError as error:
            return {"missing": str(error)}, {}
        except FrameError as error:
            return {"odd": error.what}, {}
        except BaseException as error:  # noqa: BLE001 - the learner's code may raise anything, SystemExit too
            return {"raised": cells.blame(error, "", ())}, {}
        return answer

    def _begin(self, _question: dict[str, Any], _arrays: dict[str, Any]) -> Answer:
        if self._touched:
            self._checkpoint.restore()
        self._touched = False
        return {}, {}

    def _audit(self, _question: dict[str, Any], _arrays: dict[str, Any]) -> Answer:
        return self._watcher.told()

    def _moments(self, _question: dict[str, Any], _arrays: dict[str, Any]) -> Answer:
        return {}, self._watcher.moments()

    def _call(self, question: dict[str, Any], arrays: dict[str, Any]) -> Answer:
        self._touched = True
        target = self._named(question["name"])
        args = [self._value(slot, arrays) for slot in question["args"]]
        kwargs = {name: self._value(slot, arrays) for name, slot in question["kwargs"].items()}
        with _surroundings(), _mode(target, question["mode"]):
            return _encoded(target(*args, **kwargs), question["name"])

    def _code(self, question: dict[str, Any], arrays: dict[str, Any]) -> Answer:
        """Run a check's lines in a copy of the notebook's namespace, with Python's own ``sum`` and ``max``."""
        self._touched = True
        for name in question["needs"]:
            self._named(name)
        own = {**{n: self._native(a) for n, a in arrays.items()}, **question["values"]}
        wanted = {*question["needs"], *self._names}
        theirs = {n: v for n, v in self._namespace.items() if n in wanted or not hasattr(builtins, n)}
        scope = {**theirs, "np": np, **own, "__builtins__": builtins}
        if "torch" in sys.modules:
            scope["torch"] = sys.modules["torch"]
        with _surroundings():
            exec(compile(question["code"], "<a check>", "exec"), scope)
            return _encoded({name: scope[name] for name in question["returns"]}, "the check's lines")

    def _named(self, name: str) -> Any:
        if name not in self._namespace:
            raise _MissingNameError(name)
        return self._namespace[name]

    def _value(self, slot: dict[str, Any], arrays: dict[str, Any]) -> Any:
        return self._native(arrays[slot["array"]]) if "array" in slot else slot["value"]

    def _native(self, array: Any) -> Any:
        own = np.array(array)  # the frame's arrays are read-only
        if not self._as_tensors:
            return own
        tensor = sys.modules["torch"].from_numpy(own)
        return tensor.to(self._dtype) if own.dtype == np.float32 else tensor

    @property
    def _dtype(self) -> Any:
        """What the notebook computes in: the type of the asked model's weights, else torch's default."""
        torch = sys.modules["torch"]
        modules = [self._namespace[name] for name in self._names if name in self._namespace]
        weights = (p.dtype for one in modules if isinstance(one, torch.nn.Module) for p in one.parameters())
        return next((kind for kind in weights if kind.is_floating_point), torch.get_default_dtype())


class _MissingNameError(Exception):
    """The notebook has no such name."""


@contextmanager
def _surroundings() -> Iterator[None]:
    """What a check may rely on, however the notebook left it: gradients on, no autocast, no warning that raises."""
    torch = sys.modules.get("torch")
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(np.errstate(all="ignore"))
        if torch is not None:
            stack.enter_context(torch.enable_grad())
            stack.enter_context(torch.autocast("cpu", enabled=False))
        yield


@contextmanager
def _mode(target: Any, mode: str) -> Iterator[None]:
    """A module is called in eval mode without gradients, or in train mode; it is left as it was."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(target, torch.nn.Module) or mode == "as_is":
        yield
        return
    before = [(module, module.training) for module in target.modules()]
    target.train(mode == "train")
    try:
        with torch.set_grad_enabled(mode != "eval"):
            yield
    finally:
        for module, training in before:
            module.training = training


def _encoded(value: Any, what: str) -> Answer:
    if value is None:
        return {"kind": "none"}, {}
    if isinstance(value, dict):
        return {"kind": "dict"}, {str(name): _array(v, what) for name, v in value.items()}
    if isinstance(value, (tuple, list)) and not all(isinstance(v, numbers.Real) for v in value):
        return {"kind": "tuple"}, {str(i): _array(v, what) for i, v in enumerate(value)}
    return {"kind": "array"}, {"value": _array(value, what)}


def _array(value: Any, what: str) -> Any:
    torch = sys.modules.get("torch")
    if isinstance(value, numbers.Real) and not isinstance(value, (bool, int, float, np.generic)):
        value = float(value)  # a fraction, say
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise FrameError(f"{what} gave something that is no array ({type(value).__name__})") from error
    if array.dtype.kind not in "fiub":
        raise FrameError(f"{what} gave {type(value).__name__}, where an array or a number was expected")
    return array
