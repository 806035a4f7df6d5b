"""What batches in the order of the data break."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import UndecidedError
from bugkit.kinds.rows_and_labels_shuffled_apart.checks import rows_as_fed
from bugkit.run import Run

FEW = 8  # rows; calls
MOST = 0.5  # of the rows of a call
MANY = 3  # calls per step; with more, a step is split into parts, and its mixture cannot be seen
ONE_SIDED = 0.5  # 0 for random batches, 1 for batches of a single class
SURPRISE = 28  # nats: a random batch is as one-sided with a probability below exp(-28)


def check_every_step_learns_from_a_mixture(run: Run) -> None:
    """Every step learns from a mixture of the classes, from the first step to the last."""
    batches = _classes_of_batches(run)
    if len(batches) < FEW:
        raise UndecidedError("which rows a step learns from could not be seen")
    counts = np.array(batches)
    sizes = counts.sum(axis=1)
    usual = np.bincount(run.train[1].astype(np.int64), minlength=counts.shape[1]) / len(run.train[1])
    shares = counts / sizes[:, None]
    at_random = (usual**2).sum() + (1 - (usual**2).sum()) / sizes
    excess = float((((shares**2).sum(axis=1) - at_random) / (1 - at_random)).mean())
    odd = int((_surprise(shares, usual).max(axis=1) * sizes > SURPRISE).sum())
    assert excess < ONE_SIDED, (
        f"the batches are {excess:.0%} of the way from random ones to those of a single class (expected: about 0 %)"
    )
    assert not odd, f"{odd} of {len(counts)} sampled batches belong nearly to a single class (expected: 0)"


def _classes_of_batches(run: Run) -> list[NDArray[np.int64]]:
    """How many rows of each class the sampled steps learned from; none where a step has many calls."""
    audit = run.audit.needed()
    try:
        rows, labels = run.train
    except (AttributeError, TypeError, ValueError):  # no data set, or one without labels
        return []
    if labels.dtype.kind not in "iub" or audit.made > MANY * audit.steps:
        return []
    known = np.asarray(rows, dtype=np.float64).reshape(len(rows), -1)
    fed = [call.inputs[0].reshape(call.rows, -1).astype(np.float64) for call in audit.calls if call.inputs]
    wide = max((some.shape[1] for some in fed), default=0)
    fed = [some for some in fed if some.shape[1] == wide and len(some) >= FEW and np.isfinite(some).all()]
    if not fed:
        return []
    numbers = np.split(rows_as_fed(np.concatenate(fed), known), np.cumsum([len(some) for some in fed])[:-1])
    classes = int(labels.max()) + 1
    return [
        np.bincount(labels[places[places >= 0]].astype(np.int64), minlength=classes)
        for places in numbers
        if np.mean(places >= 0) > MOST
    ]


def _surprise(shares: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nats per row (N, C): of shares (N, C) of a class that are over the usual (C,); 0 for those below."""
    usual = np.clip(usual, 1e-6, 1 - 1e-6)
    rest = 1 - shares
    nats = shares * np.log(np.maximum(shares, 1e-12) / usual) + rest * np.log(np.maximum(rest, 1e-12) / (1 - usual))
    return np.where(shares > usual, nats, 0.0)
