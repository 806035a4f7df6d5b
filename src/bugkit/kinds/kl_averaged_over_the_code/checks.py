"""What a KL term that is averaged over the dimensions of a code breaks, step by step."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.kinds.log_variance_taken_for_spread.checks import TINY, Draw, draws, reading_of
from bugkit.run import Run

__all__ = ["check_the_kl_term_is_a_sum_over_the_code"]

EXACT = 1e-4  # share of the squared slopes at the pixels that is left where they are those of a cross-entropy
NEAR = 0.02  # of one part in as many as a code has dimensions; who raises the weight slowly passes it once at most


def check_the_kl_term_is_a_sum_over_the_code(run: Run) -> None:
    """In every step, the KL term counts all dimensions of a code, not their mean."""
    weights = [(weight, draw.codes.shape[1]) for draw in draws(run) if (weight := _weight(draw)) is not None]
    if not weights:
        raise UndecidedError("the weight of the KL term in training could not be seen")
    odd = sum(size > 1 and abs(weight * size - 1) < NEAR for weight, size in weights)
    size = max(size for _, size in weights)
    assert not odd, f"at {odd} of {len(weights)} sampled steps, it counts 1/{size} as much (expected: at none)"


def _weight(draw: Draw) -> float | None:
    """The weight of the KL term beside the cross-entropy of the pixels, summed over an image; None: not known."""
    reading = reading_of(draw)
    if reading is None or draw.images.size != draw.logits.size:
        return None
    weight, _ = reading.fit(draw)
    with np.errstate(over="ignore"):
        slope = 1 / (1 + np.exp(-draw.logits)) - draw.images.reshape(draw.logits.shape)
    scale = float((slope * draw.logits_slope).sum() / max((slope**2).sum(), TINY))
    left = float(((draw.logits_slope - scale * slope) ** 2).sum() / max((draw.logits_slope**2).sum(), TINY))
    return weight / scale if left < EXACT and scale > 0 else None
