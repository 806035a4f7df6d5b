"""What a correct fix of ex02 shows."""

import numpy as np

from bugkit.checks import mean_squared_error, redrawn
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

# The gradient of the training's own loss at these weights.
GRADIENT = """
gradient = torch.zeros(0)
if isinstance(model, torch.nn.Module):
    weights = list(model.parameters())
    torch.nn.utils.vector_to_parameters(before, weights)
    output = model(rows)
    if output.shape == slope.shape:
        parts = torch.autograd.grad(output, weights, slope.to(output.dtype), allow_unused=True)
        parts = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, parts)]
        gradient = torch.cat([part.flatten() for part in parts]).float()
"""


def draw(rng):
    """The same task with other tumors held out and permuted columns."""
    return redrawn("tumors", rng, features=True)


def heldout_loss(run):
    """Held-out squared error in units of the target's variance, from the model's own outputs."""
    x, y = run.heldout  # (171, 10) and (171,), float32
    return mean_squared_error(run.model(x), y)


def check_every_step_follows_its_own_batch(run):
    """No parameter holds a gradient of an earlier batch when the next backward pass begins."""
    audit = run.audit.needed()
    known = [call.left_over for call in audit.calls if not np.isnan(call.left_over)]
    old = sum(norm > 0 for norm in known)
    assert not old, f"at {old} of {len(known)} sampled steps there was an old gradient (expected: 0)"


def check_steps_made_by_hand_go_downhill(run):
    """Steps made without an optimizer go downhill on the loss of their own batch."""
    audit = run.audit.needed()
    if len(audit.rates):
        return  # the averages of Adam and similar optimizers may point elsewhere for a while
    cosines = np.array([_downhill(run, moment) for moment in run.moments])
    cosines = cosines[np.isfinite(cosines)]
    # With two passes per step, as in sharpness-aware training, weights go straight up and straight down in turn.
    if len(cosines) > 2 and np.abs(cosines).mean() < 0.8:
        uphill = np.minimum(cosines, 0).mean()
        assert uphill > -0.05, (
            f"uphill steps have a mean cosine of {uphill:.2f} with the downhill direction (expected: over -0.05)"
        )


def _downhill(run, moment):
    """The cosine between a step and the way downhill on its batch's loss; NaN if they cannot be compared."""
    call, step = moment.call, moment.after - moment.before
    if call.slope is None or len(call.inputs) != 1:
        return np.nan
    asked = {"before": moment.before, "rows": call.inputs[0], "slope": call.slope}
    gradient = run.ask(GRADIENT, asked, ["gradient"], needs=["model"])["gradient"]
    lengths = np.linalg.norm(gradient) * np.linalg.norm(step)
    return -float(gradient @ step) / lengths if len(gradient) == len(step) and lengths > 0 else np.nan


def check_the_estimates_are_numbers(run):
    """Every estimate is a finite number."""
    x, _ = run.heldout
    estimates = run.model(x)
    finite = int(np.isfinite(estimates).sum())
    assert finite == estimates.size, f"{finite} of {estimates.size} estimates are finite (expected: all)"


def check_the_estimates_follow_the_truth(run):
    """Where the largest nucleus is larger, the estimate is larger."""
    x, y = run.heldout
    estimates = run.model(x).reshape(-1).astype(float)
    assert np.isfinite(estimates).all(), "some estimates are not finite (expected: all finite)"
    spread = estimates.std()
    correlation = np.corrcoef(estimates, y)[0, 1] if spread > 0 else 0.0
    assert correlation > 0.8, f"the correlation of estimates and true values is {correlation:.2f} (expected: over 0.8)"
