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
    zeros = [float(np.mean(one == 0)) for one in outputs if one.min() >= 0]
    cut = [share for share in zeros if share > FEW]
    assert not cut, (
        f"in {len(cut)} of {len(outputs)} sampled calls no output is negative, and {cut[0]:.0%} are exactly 0"
    )
