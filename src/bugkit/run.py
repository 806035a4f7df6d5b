"""A run that can be asked: what an author's checks are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit import data, heldout
from bugkit.audit import Audit, Call, Moment, audit_of, moments_of
from bugkit.box import Channel, Stopped
from bugkit.box.run_report import error_of

MOST_NUMBERS = 4_000_000  # of one answer: in the grader each may take eight bytes, and once more in a check
Array = NDArray[Any]
Value = Array | tuple[Array, ...] | dict[str, Array] | None


@dataclass(frozen=True)
class Task:
    """Data redrawn for one run: what the notebook trains on, and what it is measured by."""

    train: tuple[Array, ...]
    heldout: tuple[Array, ...]


class LearnerCodeError(Exception):
    """The notebook's own code raised, or gave something odd, when a check called it."""


class Run:
    """One execution of a notebook with one seed, alive: its names can be called.

    ``run.model(x)`` calls the notebook's ``model`` with numpy arrays and returns numpy arrays (a tuple or dict of
    them where it returns several, None for nothing). A module is called in eval mode and without gradients, and is
    left as it was; functions are called as they are. Every check starts from the state after the last cell.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        seed: int,
        curve: Array,
        arrays: str = "torch",
        dataset: str | None = None,
        task: Task | None = None,
    ) -> None:
        self._channel = channel
        self._dataset = dataset
        self._task = task
        self.seed = seed
        self.arrays = arrays  # "torch" or "numpy": what the notebook's functions are given
        self.curve = curve  # (steps,) the losses that the notebook recorded; shown, never believed
        self.rng = np.random.default_rng(seed)

    @cached_property
    def heldout(self) -> tuple[Array, ...]:
        """Features and targets that no notebook sees; of a text, one array."""
        return self._task.heldout if self._task else heldout.load(self._named_dataset())

    @cached_property
    def train(self) -> tuple[Array, ...]:
        """The features and targets that the notebook trains on; of a text, one array."""
        return self._task.train if self._task else data.load(self._named_dataset())

    @property
    def audit(self) -> Audit:
        """What was seen of the training that made the model; ``run.audit.needed()`` where a check rests on it."""
        return self._audited[0]

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """Up to a dozen steps, spread over the training, with the weights before and after them."""
        return moments_of(self._ask({"ask": "moments"}, {})[1], self._audited[1])

    @cached_property
    def _audited(self) -> tuple[Audit, dict[int, Call]]:
        try:
            return audit_of(*self._ask({"ask": "audit"}, {}))
        except (ValueError, KeyError, TypeError, OverflowError):
            raise Stopped("no_answer", "what it sent is no audit") from None

    def begin(self) -> None:
        """Put the notebook back to the state after its last cell; the grader does this before every check."""
        self._ask({"ask": "begin"}, {})
        self.rng = np.random.default_rng(self.seed)

    def call(self, name: str, *args: Any, mode: str = "eval", **kwargs: Any) -> Value:
        """Call a name of the notebook; a module in mode "eval", "train" or "as_is"."""
        arrays: dict[str, Array] = {}
        question = {
            "ask": "call",
            "name": name,
            "mode": mode,
            "args": [_slot(f"arg{i}", value, arrays) for i, value in enumerate(args)],
            "kwargs": {key: _slot(key, value, arrays) for key, value in kwargs.items()},
        }
        header, answer = self._ask(question, arrays)
        return _decoded(header, answer)

    def ask(
        self,
        code: str,
        arrays: Mapping[str, Array] | None = None,
        returns: Sequence[str] = (),
        *,
        needs: Sequence[str] = (),
        **values: float | str | bool,
    ) -> dict[str, Array]:
        """Run a few lines in a copy of the notebook's namespace and return the named results as arrays.

        ``arrays`` and ``values`` are there under their names, as are ``np`` and ``torch``; ``needs`` names what the
        notebook must have.
        """
        question = {"ask": "code", "code": code, "returns": list(returns), "needs": list(needs), "values": values}
        return self._ask(question, {key: np.asarray(value) for key, value in (arrays or {}).items()})[1]

    def __getattr__(self, name: str) -> Callable[..., Value]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.call(name, *args, **kwargs)

    def _ask(self, question: dict[str, Any], arrays: dict[str, Array]) -> tuple[dict[str, Any], dict[str, Array]]:
        self._channel.send(question, arrays)
        header, answer = self._channel.receive()
        if question["ask"] not in ("audit", "moments") and sum(array.size for array in answer.values()) > MOST_NUMBERS:
            raise Stopped("no_answer", f"its answer has more than {MOST_NUMBERS} numbers")
        if "missing" in header:
            raise Stopped("no_answer", f"the notebook has no `{str(header['missing'])[:100]}` after its last cell")
        if "odd" in header:
            raise LearnerCodeError(str(header["odd"])[:1000])
        if "raised" in header:
            raised = error_of(header["raised"])
            raise LearnerCodeError(f"the notebook's code raised {raised.type}: {raised.message}")
        return header, answer

    def _named_dataset(self) -> str:
        if self._dataset is None:
            raise AttributeError("the manifest's [run] names no `data`")
        return self._dataset


def _slot(name: str, value: Any, arrays: dict[str, Array]) -> dict[str, Any]:
    if isinstance(value, (np.ndarray, np.generic)):
        arrays[name] = np.asarray(value)
        return {"array": name}
    return {"value": value}


def _decoded(header: dict[str, Any], arrays: dict[str, Array]) -> Value:
    match header.get("kind"):
        case "array":
            if "value" not in arrays:
                raise Stopped("no_answer", "what it sent is no answer")
            return arrays["value"]
        case "tuple":
            return tuple(arrays.values())
        case "dict":
            return arrays
        case _:
            return None
