"""The optimizers' steps. Several optimizers that step in turn make one round together."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bugkit.box.inside.ledger import Samples
from bugkit.box.inside.tensors import norm_of


@dataclass(eq=False)
class _Optimizer:
    """One optimizer's steps; ``at`` says how many steps of all optimizers were before each."""

    holds: set[int]
    at: list[int] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)  # NaN where it was not looked at


class Rounds:
    """Counts them, and keeps each optimizer's rate."""

    def __init__(self, samples: Samples) -> None:
        self.count = 0
        self.steps = 0  # of all optimizers: the clock of a training
        self._samples = samples
        self._stepped: set[int] = set()
        self._known: dict[int, tuple[Any, _Optimizer]] = {}

    def before(self, optimizer: Any) -> None:
        """An optimizer is about to step, along the gradients that are there."""
        one, groups = self._one(optimizer), optimizer.param_groups
        one.at.append(self.steps)
        one.rates.append(float(groups[0]["lr"]))
        one.norms.append(_norm(optimizer) if self._samples.has(len(one.rates)) else math.nan)

    def after(self, optimizer: Any) -> None:
        """It has stepped, along the gradients that are there now unless they were cleared."""
        self.steps += 1
        if id(optimizer) in self._stepped or not self._stepped:
            self.count += 1
            self._stepped.clear()
        self._stepped.add(id(optimizer))
        norms = self._one(optimizer).norms
        if not math.isnan(norms[-1]):  # a hook of the notebook's may have shortened them, or a closure made them
            norms[-1] = _norm(optimizer) or norms[-1]

    def told(self, parameters: set[int], gone: list[tuple[int, int]]) -> dict[str, np.ndarray[Any, Any]]:
        """Rates and norms, step by step, of the optimizer that holds most of these parameters.

        Without the steps that are ``gone``, from the first to before the last: they were taken back.
        """
        most: tuple[int, int] = (0, 0)
        rates, norms = np.zeros(0), np.zeros(0)
        for _, one in self._known.values():
            kept = [i for i, at in enumerate(one.at) if not any(start <= at < end for start, end in gone)]
            weight = (len(one.holds & parameters), len(kept))
            if kept and weight >= most:
                most, rates, norms = weight, np.array(one.rates)[kept], np.array(one.norms)[kept]
        return {"rate": rates, "norm": norms}

    def _one(self, optimizer: Any) -> _Optimizer:
        found = self._known.get(id(optimizer))
        if found is None or found[0]() is not optimizer:
            held = {id(p) for group in optimizer.param_groups for p in group["params"]}
            found = self._known[id(optimizer)] = (weakref.ref(optimizer), _Optimizer(held))
        return found[1]


def _norm(optimizer: Any) -> float:
    return norm_of([p.grad for group in optimizer.param_groups for p in group["params"]])
