"""What codes of another spread than the KL term counts break, step by step.

Where codes are drawn as z = mean + s(h) * noise, and the loss is a reconstruction plus w times the KL divergence, the
slopes at the encoder's two outputs are tied together: with e = z - mean and r = s' / s,

    slope(h) - r e slope(mean) = w (dKL/dh - r e mean)

for every number of every code. It holds exactly for the r and dKL/dh of the program, whatever the decoder is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import UndecidedError
from bugkit.run import Run

__all__ = ["check_codes_have_the_spread_that_the_kl_term_counts"]

Numbers = NDArray[np.float64]
EXACT = 1e-6  # share of the squared slopes that is left; some 1e-11 where a reading is right
CLEARLY = 0.01  # of what any other reading leaves
TINY = 1e-30


@dataclass(frozen=True)
class Draw:
    """Codes that were drawn in one step, what they were drawn from, and what the decoder gave."""

    images: Numbers  # (N, ...) what the encoder read
    mean: Numbers  # (N, C), like all below
    second: Numbers
    mean_slope: Numbers
    second_slope: Numbers
    codes: Numbers
    logits: Numbers  # (N, ...) of the decoder
    logits_slope: Numbers


@dataclass(frozen=True)
class Reading:
    """What the second output means: the slope of log s where codes are drawn, and that of the KL divergence."""

    drawn: Callable[[Numbers], Numbers]
    kl: Callable[[Numbers], Numbers]

    def fit(self, draw: Draw) -> tuple[float, float]:
        """The weight of the KL term in the loss of a row, and the share of the slopes that it leaves unexplained."""
        moved = self.drawn(draw.second) * (draw.codes - draw.mean)
        left, right = draw.second_slope - moved * draw.mean_slope, self.kl(draw.second) - moved * draw.mean
        weight = float((left * right).sum() / max((right**2).sum(), TINY))
        rest = float(((left - weight * right) ** 2).sum() / max((draw.second_slope**2).sum(), TINY))
        return weight, rest if np.isfinite(rest) else 1.0


RIGHT = (
    Reading(lambda h: np.full_like(h, 0.5), lambda h: 0.5 * (np.exp(h) - 1)),  # the logarithm of the variance
    Reading(np.ones_like, lambda h: np.exp(2 * h) - 1),  # of the standard deviation
    Reading(lambda h: 1 / h, lambda h: h - 1 / h),  # the standard deviation itself
)
WRONG = Reading(np.ones_like, lambda h: 0.5 * (np.exp(h) - 1))  # drawn as one, counted as the other


def check_codes_have_the_spread_that_the_kl_term_counts(run: Run) -> None:
    """In every step, codes are drawn with the standard deviation that the KL term counts."""
    readings = [(reading_of(draw), WRONG.fit(draw)[1] < EXACT) for draw in draws(run)]
    wrong = [right is None for right, fits in readings if right or fits]  # where the KL term weighs 0, both may fit
    if not wrong:
        raise UndecidedError("how codes are drawn in training could not be seen")
    odd = sum(wrong)
    assert not odd, (
        f"at {odd} of {len(wrong)} sampled steps, they are drawn with the variance instead (expected: at none)"
    )


def reading_of(draw: Draw) -> Reading | None:
    """The reading under which the codes are those that the KL term counts, None where none fits."""
    best = min(RIGHT, key=lambda reading: reading.fit(draw)[1])
    return best if best.fit(draw)[1] < EXACT else None


def draws(run: Run) -> Iterator[Draw]:
    """What was seen of codes in training: of an encoder with two numbers for each one of a code, and a decoder."""
    calls = [call for call in run.audit.needed().calls if call.slope is not None and call.inputs]
    for one in calls:
        for other in calls:
            code = other.inputs[0]
            fits = one.step == other.step and one.output.ndim == code.ndim == 2
            if fits and one.output.shape == (len(code), 2 * code.shape[1]) and len(other.output) == len(code):
                slope, other_slope = (np.asarray(call.slope, dtype=np.float64) for call in (one, other))
                mean, second = np.split(one.output.astype(np.float64), 2, axis=1)
                mean_slope, second_slope = np.split(slope, 2, axis=1)
                images, codes, logits = (x.astype(np.float64) for x in (one.inputs[0], code, other.output))
                yield Draw(images, mean, second, mean_slope, second_slope, codes, logits, other_slope)
