"""What outputs behind an activation cannot be: negative."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.run import Run

FEW = 0.01  # of the numbers


def check_outputs_are_not_cut_off(run: Run) -> None:
    """The outputs are not cut off at 0."""
    outputs = [call.output for call in run.audit.needed().calls if call.output.dtype.kind == "f"]
    if not outputs:
        raise UndecidedError("the outputs of the training could not be seen")
    values = np.concatenate([one.ravel() for one in outputs])
    zeros = float(np.mean(values == 0))
    assert values.min() < 0 or zeros < FEW, f"none of the outputs is negative, and {zeros:.0%} are exactly 0"
