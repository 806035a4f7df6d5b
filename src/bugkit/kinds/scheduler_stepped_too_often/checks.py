"""What a schedule that runs ahead breaks."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.run import LearnerCodeError, Run

NOTHING = 1e-3  # of the highest learning rate
MOST = 0.4  # of the steps
BEYOND = 1.04  # times the calls that a plan is made for; a cosine is almost 0 a little before its end

# How often the notebook's schedule was called, and the rates of its plan, call by call.
PLAN = """
import copy
from torch.optim.lr_scheduler import LRScheduler

(found,) = {id(one): one for one in list(globals().values()) if isinstance(one, LRScheduler)}.values()
plan, planned = copy.deepcopy(found), []
calls, plan.last_epoch = found.last_epoch, 0
for group in plan.optimizer.param_groups:
    group["lr"] = group["initial_lr"]
for _ in range(calls):
    plan.step()
    planned.append(float(plan.get_last_lr()[0]))
"""


def check_the_learning_rate_lasts(run: Run) -> None:
    """The learning rate stays above a thousandth of its highest value until most of the training is over."""
    rates = run.audit.needed().rates
    if not len(rates) or rates.max() <= 0:
        raise UndecidedError("the learning rate could not be seen")
    share = float(np.mean(rates < NOTHING * rates.max()))
    assert share < MOST, f"at {share:.0%} of the steps it is below that (expected: below {MOST:.0%})"


def check_the_schedule_is_not_called_beyond_its_end(run: Run) -> None:
    """A schedule that is called more often than the optimizer steps was planned for that many calls."""
    steps = len(run.audit.needed().rates)
    try:
        planned = run.ask(PLAN, {}, ["planned"])["planned"]
    except LearnerCodeError:
        raise UndecidedError("there is no schedule, or none that can be called again") from None
    calls = len(planned)
    if calls <= steps or not steps:
        return  # it may count steps or epochs, and end where it likes
    peak = int(planned.argmax())
    gone = np.flatnonzero(planned[peak:] < NOTHING * planned[peak])
    end = peak + int(gone[0]) + 1 if len(gone) else calls
    assert calls < BEYOND * end, (
        f"in {steps} steps it is called {calls} times; its rate is almost 0 after {end} (expected: at most {end})"
    )
