"""What rows that are taken for steps break: the answer to a row depends on the other rows of its batch."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Call, UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_rows_do_not_see_each_other", "check_training_sees_the_same_network"]

TRIALS = 13
CLOSE = 1e-3  # of the largest output; float32 gives some 1e-6
TRIES, FARTHER = 8, 2.0  # answers at the same weights; times the largest distance between two of them
OTHER_SPREAD = 0.1  # of the logarithm

# The answers to some rows of a batch among all of them, and by themselves, in evaluation mode, with gradients off and
# on. Where each row is compared with all of a second set, both sets are cut. Only what training teaches counts.
ALONE = """
if isinstance(model, torch.nn.Module):
    model.eval()
sizes, gaps, random = (1, 3, rows // 2 or 1), [], []

def answer(count):
    return torch.as_tensor(model(*(one[:count] for one in given))).detach()

for gradients in (False, True):
    with torch.set_grad_enabled(gradients):
        whole, again = answer(rows), answer(rows)
        size = whole.abs().max().clamp(min=1)
        random.append(((whole - again).abs().max() / size).double())
        for trial in range(trials):
            few = sizes[trial % len(sizes)]
            part = answer(few)
            ends = [few if (a, b) == (few, rows) else b for a, b in zip(part.shape, whole.shape)]
            if list(part.shape) != ends or len(part) != few:
                raise TypeError("the outputs have other shapes")
            same = whole[tuple(slice(end) for end in ends)]
            gaps.append((((part - same) * taught[:few]).abs().max() / size).double())
gaps, random = torch.stack(gaps), torch.stack(random)
"""
# Several answers to the rows of one step, at the weights of then, each with its own random numbers.
TRIED = """
weights = list(model.parameters())
if sum(w.numel() for w in weights) != len(before):
    raise TypeError("it has other weights than in training")
torch.nn.utils.vector_to_parameters(before.to(weights[0].dtype), weights)
model.train(training)
with torch.no_grad():
    told = torch.stack([torch.as_tensor(model(*given)) for _ in range(tries)])
"""


def check_rows_do_not_see_each_other(run: Run) -> None:
    """A row of a batch gets the same answer alone, with few others, and with many."""
    seen = [(call, taught) for call in run.audit.needed().calls if (taught := _taught(call)) is not None]
    if not seen:
        raise UndecidedError("what training teaches could not be seen")
    call, taught = seen[-1]
    question, arrays = given(call, ALONE)
    arrays["taught"] = taught
    try:
        told = run.ask(question, arrays, ["gaps", "random"], needs=["model"], rows=len(taught), trials=TRIALS)
    except LearnerCodeError:
        raise UndecidedError("the model is asked otherwise than it was trained") from None
    if not told["random"].max() < CLOSE:
        raise UndecidedError("the same rows do not get the same answer twice")
    gap = float(told["gaps"].max())
    assert gap < CLOSE, (
        f"beside fewer rows than {call.rows}, an output changes by up to {gap:.2g} of the largest (expected: 0)"
    )


def check_training_sees_the_same_network(run: Run) -> None:
    """At the steps of the training, the network gave the answers that it gives with the same weights when it is asked.

    Where layers draw at random, such an answer is no farther from others than these are from one another.
    """
    far = []
    for moment in run.moments:
        call, taught = moment.call, _taught(moment.call)
        if taught is None or call.training not in (0, 1):
            continue
        question, arrays = given(call, TRIED)
        arrays["before"] = moment.before
        values = {"training": call.training == 1, "tries": TRIES}
        try:
            told = run.ask(question, arrays, ["told"], needs=["model"], **values)["told"]
        except LearnerCodeError:
            continue
        told = told[:, : len(call.output)].astype(np.float64)
        if told.shape[1:] == call.output.shape:
            far.append(_is_far(call.output, told, taught))
    if not far or all(far):
        raise UndecidedError("what the network computed in training could not be compared")
    assert not any(far), f"at {sum(far)} of {len(far)} sampled steps it gave other answers (expected: 0)"


def _taught(call: Call) -> NDArray[Any] | None:
    """For each row, and each of its places if it has several, 1 where the step teaches anything; None: not known."""
    if call.slope is None or call.slope.ndim < 2 or not call.inputs:
        return None
    return np.asarray(np.abs(call.slope).max(axis=-1, keepdims=True) > 0, dtype=np.float32)


def _is_far(output: NDArray[Any], told: NDArray[np.float64], taught: NDArray[Any]) -> bool:
    """Whether an output is farther from all answers than these are from one another, or of quite another spread."""
    size = max(float(np.abs(output).max()), 1)
    places = (taught * np.ones_like(output)) > 0
    own, others = output[places].astype(np.float64), told[:, places]
    gaps = [np.sqrt(np.mean((one - other) ** 2)) for one, other in pairwise(others)]
    if min(np.sqrt(np.mean((own - one) ** 2)) for one in others) > FARTHER * max(gaps) + CLOSE * size:
        return True
    spread, *spreads = (np.log(some.std() + CLOSE * size) for some in (own, *others))
    return bool(abs(spread - np.median(spreads)) > FARTHER * np.ptp(spreads) + OTHER_SPREAD)
