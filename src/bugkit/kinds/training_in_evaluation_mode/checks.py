"""What steps in evaluation mode break."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

SAME = 1e-3  # of the largest output; rounding is below 1e-5
# The largest difference that the mode makes to the answers, relative to the largest one.
MODES = """
both = []
for training in (True, False):
    model.train(training)
    torch.manual_seed(0)
    with torch.no_grad():
        both.append(torch.as_tensor(model(*given)).double())
gap = float((both[0] - both[1]).abs().max() / both[1].abs().max().clamp(min=1e-6))
"""


def check_every_step_is_made_in_training_mode(run: Run) -> None:
    """At every step of the training, the layers that have two modes are in training mode."""
    calls = run.audit.needed().calls
    shares = np.array([call.training for call in calls[1:]])  # the first may come before the first step
    if len(shares) and shares.min() == 1:
        return
    question, arrays = given(calls[-1], MODES)
    try:
        gap = float(run.ask(question, arrays, ["gap"], needs=["model"])["gap"])
    except LearnerCodeError:
        raise UndecidedError("what the modes of the network change could not be seen") from None
    if gap < SAME:
        return  # no layer has two modes
    odd = int(((shares == 0) | (shares < shares.max(initial=0))).sum())  # some layers may be frozen, at all steps
    assert not odd, f"at {odd} of {len(shares)} sampled steps, layers are in evaluation mode (expected: at none)"
