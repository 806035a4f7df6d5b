"""What an optimizer that is made again and again cannot do: remember."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.run import Run

MOST = 0.9  # of the steps
COUNTED = """
counts = [
    int(state["step"])
    for value in list(globals().values())
    if isinstance(value, torch.optim.Optimizer)
    for state in value.state.values()
    if "step" in state
]
counted = np.array(max(counts, default=-1))
"""


def check_the_optimizer_remembers_the_whole_training(run: Run) -> None:
    """The optimizer has counted all steps of the training."""
    steps = run.audit.needed().steps
    counted = int(np.asarray(run.ask(COUNTED, {}, ["counted"])["counted"]))
    if counted < 0 or not steps:
        raise UndecidedError("no optimizer here counts its steps")
    assert counted > MOST * steps, f"it has counted {counted} of {steps} steps (expected: all of them)"
