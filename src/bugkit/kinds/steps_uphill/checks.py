"""What steps in the wrong direction break."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bugkit.audit import Moment, UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

FEWEST = 8  # steps whose direction is known; fewer may all be looks uphill, as sharpness-aware training takes them
PLAIN = 0.99  # the size of all cosines where steps follow the gradient itself, and no average of several
ALONE = 0.75  # steps of the optimizer for each change of the weights; a half where each step has a look uphill before
NEARLY_ALL = 0.9

# The gradient of a step's own loss, at the weights that it began with.
GRADIENT = """
weights = list(model.parameters())
if sum(w.numel() for w in weights) != len(before):
    raise TypeError("it has other weights than in training")
torch.nn.utils.vector_to_parameters(before.to(weights[0].dtype), weights)
model.train(training)
torch.manual_seed(0)
outputs = torch.as_tensor(model(*given))[: len(slope)]
learned = [w for w in weights if w.requires_grad]
found = torch.autograd.grad(outputs, learned, slope.to(outputs.dtype), allow_unused=True)
place = {id(w): g for w, g in zip(learned, found) if g is not None}
gradient = torch.cat([place.get(id(w), torch.zeros_like(w)).flatten() for w in weights])
"""


def check_steps_go_downhill(run: Run) -> None:
    """Steps go downhill on the loss of their own batch."""
    audit = run.audit.needed()
    found = np.array([cosine for moment in run.moments if (cosine := _uphill(run, moment)) is not None])
    size = np.abs(found)
    if len(found) and size.min() > PLAIN and len(audit.rates) > ALONE * max(call.step + 1 for call in audit.calls):
        steps = int((found > 0).sum())
        assert not steps, f"{steps} of {len(found)} sampled steps go uphill (expected: none)"
        return
    if len(found) < FEWEST:
        raise UndecidedError("in which direction the steps go could not be seen")
    mean = float(found.mean())  # what follows an average of gradients may go uphill for a while
    assert mean < NEARLY_ALL * size.mean(), (
        f"the mean cosine of steps and gradients is {mean:+.2f} (expected: below 0, as steps go downhill)"
    )


def _uphill(run: Run, moment: Moment) -> float | None:
    """The cosine of a step and the gradient of its batch's loss; None where it is not known."""
    call, step = moment.call, moment.after.astype(np.float64) - moment.before
    if call.slope is None or call.training not in (0, 1):
        return None
    question, arrays = given(call, GRADIENT)
    arrays |= {"before": moment.before, "slope": call.slope}
    try:
        told = run.ask(question, arrays, ["gradient"], training=call.training == 1)  # it may have no `model`
    except LearnerCodeError:
        return None
    gradient: NDArray[np.float64] = told["gradient"].astype(np.float64)
    lengths = float(np.linalg.norm(gradient) * np.linalg.norm(step))
    if gradient.shape != step.shape or not np.isfinite(lengths) or lengths == 0:
        return None
    return float(gradient @ step) / lengths
