"""What a price on the entropy breaks: a step makes the policy surer of itself, whatever the actions earned."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities
from bugkit.run import Run

__all__ = ["check_no_step_makes_the_policy_surer_for_its_own_sake"]

LEAST = 60  # pairs of actions in a step
APART = 0.05  # nats between the actions of a pair
RARE = 1e-4  # probability; below, little is left of a slope
NARROW, ROUNDED = 2e-3, 1e-6  # of the size that is usual for pairs, and of the largest ones
SHARE = 0.27  # of the pairs: with three actions, one of three pairs is without the action that was taken
ROUNDING = 1e-4  # of the largest slope


def check_no_step_makes_the_policy_surer_for_its_own_sake(run: Run) -> None:
    """No step lowers the entropy of the policy for its own sake."""
    calls = [call for call in run.audit.needed().calls if call.slope is not None and call.slope.ndim > 1]
    found = [price for call in calls if (price := entropy_price(call.output, call.slope)) is not None]
    if not found:
        raise UndecidedError("what the steps ask of the entropy of the policy could not be seen")
    surer = sum(price < 0 for price in found)
    assert not surer, f"at {surer} of {len(found)} sampled steps, the loss rises with the entropy (expected: 0)"


def entropy_price(outputs: NDArray[Any], slope: NDArray[Any] | None) -> float | None:
    """How much a step pays for the entropy of each row's probabilities: above 0, 0, or below 0; None: not known.

    With a price s, a slope of the loss at the logits is s p (log p + H), plus c (e - p) for the action e that was
    taken. So for two other actions, slope / p differs by s times the difference of log p: the same s in all rows. With
    the action that was taken, the pairs of different rows agree in nothing.
    """
    if slope is None or slope.shape != outputs.shape:
        return None
    logits, pull = (part.reshape(-1, part.shape[-1]).astype(np.float64) for part in (outputs, slope))
    size = np.abs(pull).max(initial=0)
    for actions in (slice(None), slice(None, -1), slice(1, None)):  # one column may be a value
        some = pull[:, actions]
        if some.shape[1] > 2 and size > 0 and np.abs(some.sum(axis=1)).max() < ROUNDING * size:
            return _agreed(log_probabilities(logits[:, actions]), some)
    return None


def _agreed(log_probs: NDArray[Any], pull: NDArray[Any]) -> float | None:
    """The price on which the most pairs agree; None where too few do."""
    prices = []
    for one, other in combinations(range(pull.shape[1]), 2):
        gap = log_probs[:, one] - log_probs[:, other]
        clear = (np.abs(gap) > APART) & (log_probs[:, [one, other]].min(axis=1) > np.log(RARE))
        pulls = (pull[:, place] / np.exp(log_probs[:, place]) for place in (one, other))
        prices.append(((next(pulls) - next(pulls)) / np.where(clear, gap, 1))[clear])
    ordered = np.sort(np.concatenate(prices))
    if len(ordered) < LEAST:
        return None
    usual, large = np.quantile(np.abs(ordered), [0.5, 0.9])
    width = max(NARROW * float(usual), ROUNDED * float(large))
    ends = np.searchsorted(ordered, ordered + 2 * width, side="right")
    counts = ends - np.arange(len(ordered))
    best = int(counts.argmax())
    if counts[best] < SHARE * len(ordered):
        return None
    price = float(np.median(ordered[best : ends[best]]))
    return 0.0 if abs(price) <= 2 * width else price
