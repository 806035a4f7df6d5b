"""Measurements that a candidate may ask for. Each is a check that fails, and its message holds the numbers as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np

from bugkit.audit import Array, UndecidedError
from bugkit.report.verdict_json import thinned
from bugkit.run import Run

POINTS = 44  # of a curve
MOST_ROWS = 24  # of a table
SHAPES = """
pairs = list(model.named_parameters())
names = np.frombuffer("\\n".join(name for name, _ in pairs).encode(), dtype=np.uint8)
sizes = np.array([weight.numel() for _, weight in pairs])
"""


def check_plot(run: Run) -> None:
    """The learning rate and the norm of the gradients over the training."""
    audit = run.audit.needed()
    raise AssertionError(json.dumps({"rate": _curve(audit.rates), "norm": _curve(audit.norms)}))


def check_layers(run: Run) -> None:
    """How far one step moves each layer, at the beginning and at the end of the training."""
    moments = run.moments
    if not moments:
        raise UndecidedError("no step of the training was seen")
    told = run.ask(SHAPES, {}, ["names", "sizes"], needs=["model"])
    names, sizes = told["names"].tobytes().decode(errors="replace").split("\n"), told["sizes"]
    if sizes.sum() != len(moments[0].before):
        raise UndecidedError("its weights are others than in training")
    first, last = (_moves(moment.before, moment.after, sizes) for moment in (moments[0], moments[-1]))
    rows = [[name[:40], int(size), a, b] for name, size, a, b in zip(names, sizes, first, last, strict=True)]
    raise AssertionError(json.dumps({"layers": rows[:MOST_ROWS], "more": max(0, len(rows) - MOST_ROWS)}))


def _moves(before: Array, after: Array, sizes: Array) -> list[float | None]:
    """The length of a step beside that of the weights, parameter by parameter."""
    ends = np.cumsum(sizes)[:-1]
    pairs = zip(np.split(before.astype(np.float64), ends), np.split(after.astype(np.float64), ends), strict=True)
    return [_short(float(np.linalg.norm(b - a)) / max(float(np.linalg.norm(a)), 1e-12)) for a, b in pairs]


def _curve(values: Sequence[float] | Array) -> list[float | None]:
    """Thinned; what was not looked at is left out."""
    known = [float(value) for value in values if np.isfinite(value)]
    return [_short(value) for value in thinned(tuple(known), POINTS)]


def _short(value: float) -> float | None:
    return float(f"{value:.3g}") if math.isfinite(value) else None
