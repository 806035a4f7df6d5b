"""What a part of the network that no optimizer holds breaks."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import gradients
from bugkit.run import Run

RARE = 0.1  # of the sampled steps; layers may be trained in turn, or one after the other
FEWEST = 8  # sampled steps


def check_every_layer_learns(run: Run) -> None:
    """The training changes every trainable weight matrix that the loss depends on."""
    steps = list(gradients(run))
    parts = {len(left) for _, _, left in steps}
    calls = [call.moved for call in run.audit.needed().calls if call.moved is not None]
    if len(parts) != 1:  # none, or a network that grew
        raise UndecidedError("which layers the training changes could not be seen")
    count = parts.pop()
    moved = [one for one in calls if len(one) == count]
    if len(moved) < FEWEST:
        raise UndecidedError("which layers the training changes could not be seen")
    shares = np.mean(moved, axis=0)
    still = 0
    for part, columns in enumerate(zip(*(left for _, _, left in steps), strict=True)):
        # A bias may have no gradient but rounding, as before a normalization. It has one number per row.
        is_matrix = columns[0].shape[-1] > 1
        still += is_matrix and bool(shares[part] < RARE) and any(left.any() for left in columns)
    matrices = sum(left.shape[-1] > 1 for left in steps[0][2])
    assert not still, f"{still} of {matrices} trainable weight matrices are left as they were (expected: 0)"
