"""What holds in any sound training, whatever it is that is trained: checks that an exercise imports."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import CUT, given, gradients, trained_otherwise
from bugkit.run import LearnerCodeError, Run

HALF = 0.5
FEW = 8  # calls
# What was asked in training, asked twice in use.
AGAIN = """
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    first, second = (torch.as_tensor(model(*given)).clone() for _ in range(2))
"""


def check_gradients_are_whole(run: Run) -> None:
    """At every step of the training, the gradients are those of the whole network."""
    gaps = np.array([gap for _, gap, _ in gradients(run)])
    if not len(gaps):
        raise UndecidedError("the gradients of the training could not be seen")
    share = float(np.mean(gaps > CUT))
    assert share == 0, f"at {share:.0%} of the sampled steps, a part of the network is missing (expected: 0 %)"


def check_every_step_trains_the_network_in_use(run: Run) -> None:
    """At every step of the training, the network computes the same as when it is used."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def check_every_row_teaches(run: Run) -> None:
    """Every row of a batch counts in its step."""
    slopes = [call.slope for call in run.audit.needed().calls if call.slope is not None and call.slope.ndim]
    rows = max(map(len, slopes), default=0)
    counts, calls = np.zeros((2, rows)), np.zeros((2, rows))
    for slope in slopes:
        taught = np.abs(slope).reshape(len(slope), -1).max(axis=1) > 0
        for way, values in enumerate((taught, taught[::-1])):  # by place from the first, and from the last
            counts[way, : len(slope)] += values
            calls[way, : len(slope)] += 1
    usual = calls >= FEW
    worst = float((counts[usual] / calls[usual]).min(initial=1))
    assert worst > HALF, f"the row at one index counts in {worst:.0%} of the sampled steps (expected: in every step)"


def check_the_same_question_gets_the_same_answer(run: Run) -> None:
    """The same question gets the same answer twice."""
    question, arrays = given(run.audit.needed().calls[-1], AGAIN)
    try:
        told = run.ask(question, arrays, ["first", "second"])
    except LearnerCodeError:
        raise UndecidedError("the model is asked otherwise than it was trained") from None
    gap = float(np.abs(told["first"].astype(np.float64) - told["second"]).max(initial=0))
    assert gap < CUT * max(float(np.abs(told["first"]).max(initial=0)), 1), (
        f"the second time, an output changes by up to {gap:.2g} (expected: 0)"
    )
