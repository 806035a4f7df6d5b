"""What the larger of both objectives breaks: an action that was good, and became unlikely, is not made likelier again."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_good_actions_that_became_unlikely_count"]

SMALL = 1e-6  # of the loss
SHARE = 0.01  # of what the bad actions change
# The loss of steps whose actions are by far less likely than when they were taken, half of them good and half of them
# bad; then where the good ones, and where the bad ones, became less likely still.
LOSSES = """
import inspect

for one in list(globals().values()):
    if isinstance(one, torch.nn.Module):
        one.eval()
rows = given[0][: len(given[0]) // 2 * 2]
is_good = torch.arange(len(rows)) % 2 == 0
places = list(inspect.signature(batch_loss).parameters)

def told(moved):
    values = {}
    for name in places:
        if "old" in name and "prob" in name:
            values["old"], value = name, torch.where(moved, 1.5, 1.0).to(rows.dtype)
        elif name.startswith("adv"):
            values["adv"], value = name, torch.where(is_good, 1.0, -1.0).to(rows.dtype)
        elif "action" in name:
            values["action"], value = name, torch.arange(len(rows)) // 2 % 2
        elif name.startswith(("obs", "state")):
            values["obs"], value = name, rows
        else:
            values["return"], value = name, torch.zeros(len(rows), dtype=rows.dtype)
        values[name] = value
    if not {"old", "adv", "action", "obs"} <= values.keys() or len(places) > 5:
        raise TypeError("it is given something else")
    torch.manual_seed(0)
    loss = batch_loss(*(values[name] for name in places))
    return torch.as_tensor(loss[0] if isinstance(loss, tuple) else loss).detach().double()

usual, good, bad = told(is_good & False), told(is_good), told(~is_good)
"""


def check_good_actions_that_became_unlikely_count(run: Run) -> None:
    """If a good action becomes less and less likely, the loss rises."""
    question, arrays = given(run.audit.needed().calls[-1], LOSSES)
    try:
        told = run.ask(question, arrays, ["usual", "good", "bad"])
    except LearnerCodeError:
        raise UndecidedError("no function `batch_loss` could be asked about steps of earlier policies") from None
    usual, good, bad = (float(told[name]) for name in ("usual", "good", "bad"))
    least = SMALL * max(abs(usual), 1.0)
    if not np.isfinite(usual) or max(abs(good - usual), abs(bad - usual)) < least:
        raise UndecidedError("the loss does not tell how likely an action was before")
    assert good - usual > SHARE * abs(bad - usual), (
        f"it changes by {good - usual:.2g} for good actions that became unlikely, and by {bad - usual:.2g} for bad ones "
        "(expected: above 0 for good ones)"
    )
