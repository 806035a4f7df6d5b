"""What the larger of both objectives breaks: a good action that became unlikely is not made likelier again."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_good_actions_that_became_unlikely_count"]

SMALL = 1e-6  # of the loss
SHARE = 0.01  # of what the bad actions change
AGAIN = 13  # times
# The loss of steps whose actions are by far less likely than when they were taken, half of them good and half of them
# bad; then where the good ones, and where the bad ones, became less likely still. Asked again and again.
LOSSES = """
import inspect

for one in list(globals().values()):
    if isinstance(one, torch.nn.Module):
        one.eval()
rows = given[0][: count // 2 * 2]
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

trials = [[told(is_good & False), told(is_good), told(~is_good)] for _ in range(again)]
losses = torch.tensor(trials, dtype=torch.float64)
"""


def check_good_actions_that_became_unlikely_count(run: Run) -> None:
    """If a good action becomes less and less likely, the loss rises."""
    call = run.audit.needed().calls[-1]
    question, arrays = given(call, LOSSES)
    for count in (call.rows, call.rows // 2):
        try:
            losses = run.ask(question, arrays, ["losses"], count=count, again=AGAIN)["losses"]
        except LearnerCodeError:
            raise UndecidedError("no function `batch_loss` could be asked about steps of earlier policies") from None
        usual = float(np.median(losses[:, 0]))
        good, bad = losses[:, 1] - usual, losses[:, 2] - usual
        most = float(max(np.abs(good).max(), np.abs(bad).max()))
        if not most > SMALL * max(abs(usual), 1):
            raise UndecidedError("the loss does not tell how likely an action was before")
        assert good.min() > SHARE * np.abs(bad).min(), (
            f"with {count} steps it changes by {good.min():.2g} for good actions that became unlikely, and by"
            f" {np.median(bad):.2g} for bad ones (expected: above 0 for good ones)"
        )
