"""What a network without an activation cannot do: bend."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities
from bugkit.run import LearnerCodeError, Run

SOME = 32  # rows
BENDS = 1e-3  # of the size of the change; float32 gives some 1e-6


def check_the_network_is_not_linear(run: Run) -> None:
    """The outputs are no linear function of the inputs."""
    inputs = run.audit.needed().calls[-1].inputs
    if len(inputs) != 1 or inputs[0].dtype.kind != "f" or len(inputs[0]) < 2:
        raise UndecidedError("the network reads no rows of numbers")
    first = inputs[0][:SOME]
    way = np.roll(first, 1, axis=0) - first
    try:
        ends = [_levels(run.model(first + step * way)) for step in (0.0, 1.0, 2.0)]
    except LearnerCodeError:
        raise UndecidedError("the network is asked otherwise than it was trained") from None
    bend = np.abs(ends[0] - 2 * ends[1] + ends[2]).max() / max(np.abs(ends[2] - ends[0]).max(), 1e-9)
    assert bend > BENDS, f"along straight lines, the outputs bend by {bend:.1g} of their change (expected: much more)"


def _levels(outputs: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Outputs as they are; of class scores the log-probabilities up to a constant, whatever form they have."""
    values = np.asarray(outputs, dtype=np.float64)
    if values.ndim < 2 or values.shape[-1] == 1:
        return values
    scores = log_probabilities(values)
    return np.asarray(scores - scores.mean(axis=-1, keepdims=True))
