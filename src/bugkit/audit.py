"""What was seen of a training, as a check is given it: ``run.audit``. See ``bugkit.box.inside.watcher``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class UndecidedError(Exception):
    """A check cannot be made on this run: another bug hides what it asks about, or nothing was seen of it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the model that its training learned from. Some 50 are looked at, spread over the whole training."""

    step: int  # how often the weights had changed before it
    rows: int  # of its first input
    training: float  # share of the model's modules that were in training mode, 0 to 1
    left_over: float  # norm of gradients that were there before its own, made for weights that have changed since;
    # NaN where that cannot be told: other calls came in between, or gradients are taken without `.grad`
    inputs: tuple[Array, ...]  # the tensors that it was given
    output: Array  # of a very large one, the first rows only
    slope: Array | None  # the gradient of the training's loss at the output; None in ``torch.func``
    # (parameters,) bool: which of ``parameters()`` the step after it changed; None where another call came first
    moved: Array | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One step: a call, and all weights (weights,) before and after, in the order of ``parameters()`` in the end."""

    call: Call  # the one that it learned from
    before: Array  # float32, one after the other
    after: Array


@dataclass(frozen=True, slots=True)
class Audit:
    """The training that made the model which is asked for in the end.

    What was tried on a copy is not in it, and neither is a trial whose weights were put back.
    """

    calls: tuple[Call, ...]  # those that were looked at, in order
    steps: int  # how often the weights changed
    rates: Array  # (optimizer steps,) the learning rate of the first group, of the optimizer that holds the model
    norms: Array  # (optimizer steps,) of the gradients that it follows; NaN where it was not looked at
    made: int  # calls of the model with gradients in all, those that were not looked at among them
    asked: bool  # whether the calls are of the model that is asked for in the end, or of one that was copied to it
    trouble: str = ""  # why nothing could be seen

    @property
    def available(self) -> bool:
        """Whether the training called a module at all."""
        return bool(self.calls)

    def needed(self) -> Audit:
        """Itself; UndecidedError where nothing was seen."""
        if not self.available:
            raise UndecidedError("how the model was trained could not be seen")
        return self


def audit_of(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[Audit, dict[int, Call]]:
    """The audit, and the calls by their numbers. ValueError where the frame is something else."""
    columns = {name: _column(arrays, name) for name in ("number", "step", "rows", "training", "left_over")}
    count = len(columns["number"])
    if any(len(column) != count for column in columns.values()):
        raise ValueError("columns of different lengths")
    places = {name: _placed(arrays, name, count) for name in arrays if f"{name} shapes" in arrays}
    inputs = sorted((name for name in places if name.startswith("input ")), key=lambda name: int(name[6:]))
    calls = {}
    for i in range(count):
        calls[int(columns["number"][i])] = Call(
            step=int(columns["step"][i]),
            rows=int(columns["rows"][i]),
            training=float(columns["training"][i]),
            left_over=float(columns["left_over"][i]),
            inputs=tuple(places[name][i] for name in inputs if i in places[name]),
            output=places["output"][i],
            slope=places.get("slope", {}).get(i),
            moved=moved.astype(bool) if (moved := places.get("moved", {}).get(i)) is not None else None,
        )
    steps, made = header.get("steps"), header.get("made")
    if not isinstance(steps, int) or not isinstance(made, int) or len(calls) != count:
        raise ValueError("no number of steps or of calls")
    audit = Audit(
        calls=tuple(calls.values()),
        steps=steps,
        rates=_column(arrays, "rate"),
        norms=_column(arrays, "norm"),
        made=made,
        asked=header.get("asked") is True,
        trouble=str(header.get("trouble"))[:200],
    )
    return audit, calls


def moments_of(arrays: Mapping[str, Array], calls: Mapping[int, Call]) -> tuple[Moment, ...]:
    """The moments of calls that are known, in order."""
    out = []
    for number, call in calls.items():
        before, after = arrays.get(f"{number} before"), arrays.get(f"{number} after")
        if before is not None and after is not None and before.ndim == 1 and before.shape == after.shape:
            out.append(Moment(call, before, after))
    return tuple(out)


def _column(arrays: Mapping[str, Array], name: str) -> Array:
    column = arrays[name]
    if column.ndim != 1:
        raise ValueError(f"{name} is no column")
    return column


def _placed(arrays: Mapping[str, Array], name: str, count: int) -> dict[int, Array]:
    """The arrays of one place by call, cut from one flat array."""
    flat, shapes, out, start = arrays[name], arrays[f"{name} shapes"], {}, 0
    for index, *shape in shapes.tolist():
        wanted = [n for n in shape if n >= 0]
        size = int(np.prod(wanted, dtype=np.int64))
        if not 0 <= index < count or start + size > flat.size:
            raise ValueError(f"{name} is cut off")
        out[index] = flat[start : start + size].reshape(wanted)
        start += size
    return out
