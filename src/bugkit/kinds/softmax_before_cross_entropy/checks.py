"""What a second softmax breaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, UndecidedError
from bugkit.checks import SUMS_TO_ONE, log_probabilities
from bugkit.run import Run

MIN_CLASSES, MIN_ROWS = 3, 8
SURE = 0.9  # probability of the correct class, beyond which rounding counts
SPREAD = 0.5  # of the logarithms of these probabilities in a batch
# The power of the probability that a row's weight follows: about 0 for cross-entropy, below 0 for losses that look away
# from what is learned already, and 1 where a softmax stands before the loss.
STEEP = 0.75


def check_unlikely_answers_are_not_looked_away_from(run: Run) -> None:
    """In every step, rows whose correct class is unlikely teach at least as much as cross-entropy makes them."""
    powers = [power for call in run.audit.needed().calls if (power := _power(call)) is not None]
    if not powers:
        raise UndecidedError("how strongly each row teaches could not be seen")
    odd = sum(power > STEEP for power in powers)
    assert not odd, f"at {odd} of {len(powers)} sampled steps, they teach less (expected: at none)"


def _power(call: Call) -> float | None:
    """How a row's share in a step, relative to cross-entropy's 1 - p, grows with the probability p; None: not known."""
    slope, output = call.slope, call.output
    if slope is None or slope.shape != output.shape or slope.ndim < 2 or slope.shape[-1] < MIN_CLASSES:
        return None
    slope, output = (x.reshape(-1, slope.shape[-1]).astype(np.float64) for x in (slope, output))
    probs, rows = np.exp(log_probabilities(output)), np.arange(len(slope))
    slope = _at_the_logits(slope, output, probs)
    taught = slope.argmin(axis=1)
    strength, prob = -slope[rows, taught], probs[rows, taught]
    is_answer = np.abs(slope).argmax(axis=1) == taught
    seen = is_answer & (strength > 0) & (prob < SURE) & (prob > 0)
    x, y = np.log(prob[seen]), np.log(strength[seen] / (1 - prob[seen]))
    if len(x) < MIN_ROWS or x.std() < SPREAD:
        return None
    return float(np.polyfit(x, y, 1)[0])


def _at_the_logits(
    slope: NDArray[np.float64], output: NDArray[np.float64], probs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The slope (N, C) as it arrives at logits, where the outputs are probabilities or their logarithms."""
    with np.errstate(over="ignore"):
        if output.min() >= 0 and np.abs(output.sum(axis=1) - 1).max() < SUMS_TO_ONE:
            return np.asarray(probs * (slope - (probs * slope).sum(axis=1, keepdims=True)))
        if np.abs(np.exp(output).sum(axis=1) - 1).max() < SUMS_TO_ONE:
            return np.asarray(slope - probs * slope.sum(axis=1, keepdims=True))
    return slope
